/** Names for what a user didn't name: said by its content, so that the same definition always has the same ones. */
import type { GateDefinition } from '../domain/definition';

/** `distance_by_origin_destination` */
export function dependencyName(rule: {
  readonly name?: string | undefined;
  readonly determinants: readonly string[];
  readonly dependent: string;
}): string {
  return rule.name ?? `${rule.dependent}_by_${rule.determinants.join('_')}`.slice(0, 63);
}

/** `log-loss-against-champion`, `auc`, `auc-low` */
export function gateName(
  gate: Pick<GateDefinition, 'metric' | 'against' | 'bound'> & {
    readonly name?: string | undefined;
    readonly slice?: { readonly column: string; readonly value?: string | undefined } | undefined;
  }
): string {
  const metric = gate.metric
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();
  const against = gate.against === 'value' ? '' : `-against-${gate.against}`;
  const end = gate.bound === 'estimate' ? '' : `-${gate.bound}`;
  return gate.name ?? `${metric}${against}${end}${sliceName(gate.slice)}`.slice(0, 48);
}

function sliceName(slice: { readonly column: string; readonly value?: string | undefined } | undefined): string {
  if (slice === undefined) return '';
  const words = `by ${slice.column} ${slice.value ?? ''}`.trim();
  return `-${words.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase()}`;
}

interface Step {
  readonly name?: string | undefined;
  readonly share?: number | undefined;
  readonly shadow: boolean;
}

/** `shadow`, `canary-20`, `full` */
export function stepName(step: Step): string {
  const share = stepShare(step) ?? 0;
  const percent = String(Math.round(share * 1000) / 10).replace('.', '-');
  return step.name ?? (share === 1 ? 'full' : share === 0 ? 'shadow' : `canary-${percent}`);
}

/** A shadow step answers no requests unless it says so; any other must name its share. */
export function stepShare(step: Step): number | undefined {
  return step.share ?? (step.shadow ? 0 : undefined);
}
