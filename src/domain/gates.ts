/** The rule of the gates: what an evaluation must show before a person is asked. */
import type { GateDefinition } from './definition';
import type { Evaluation, GateResult } from './evaluation';
import { hasInterval } from './intervals';

/**
 * @param contaminated a model has seen test rows in training: a comparison with it can't pass
 */
export function judgeGates(
  gates: readonly GateDefinition[],
  evaluation: Pick<Evaluation, 'candidate' | 'againstBaseline' | 'againstChampion' | 'champion'>,
  contaminated = false
): readonly GateResult[] {
  return gates.map((gate) => judge(gate, evaluation, contaminated));
}

/** Blocking ones that failed. */
export function failedGates(results: readonly GateResult[]): GateResult[] {
  return results.filter(({ severity, outcome }) => severity !== 'advisory' && outcome.startsWith('failed'));
}

/** `auc: failed, 0.51: auc − champion >= 0.05` */
export function gateLine({ gate, outcome, value, bound }: GateResult): string {
  return `${gate}: ${outcome}${value === undefined ? '' : `, ${value.toPrecision(4)}`}: ${bound}`;
}

/** A failed blocking gate rejects without asking. */
export function gatesPass(results: readonly GateResult[]): boolean {
  return results.every(({ severity, outcome }) => severity === 'advisory' || !outcome.startsWith('failed'));
}

function judge(gate: GateDefinition, evaluation: Parameters<typeof judgeGates>[1], contaminated: boolean): GateResult {
  const result = { gate: gate.name, severity: gate.severity, bound: boundOf(gate) };
  if (gate.against === 'champion' && evaluation.champion === undefined) {
    return { ...result, outcome: 'skipped: no champion' };
  }
  const metric = metricsFor(gate, evaluation)?.[gate.metric];
  if (metric === undefined) return { ...result, outcome: 'failed: missing metric' };
  if (gate.bound !== 'estimate' && !hasInterval(metric)) return { ...result, outcome: 'failed: no interval' };
  const value = metric[gate.bound];
  if (gate.against === 'champion' && contaminated) return { ...result, value, outcome: 'failed: contaminated' };
  const high = gate.atMost !== undefined && !(value <= gate.atMost);
  const low = gate.atLeast !== undefined && !(value >= gate.atLeast);
  return { ...result, value, outcome: high || low ? 'failed' : 'passed' };
}

function metricsFor({ against }: GateDefinition, evaluation: Parameters<typeof judgeGates>[1]) {
  switch (against) {
    case 'value':
      return evaluation.candidate;
    case 'baseline':
      return evaluation.againstBaseline;
    case 'champion':
      return evaluation.againstChampion;
  }
}

const MINUS = { value: '', baseline: ' − baseline', champion: ' − champion' } as const;

const END = { estimate: '', low: ', low end of the interval', high: ', high end of the interval' } as const;

function boundOf({ metric, against, bound, atLeast, atMost }: GateDefinition): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`>= ${atLeast}`]),
    ...(atMost === undefined ? [] : [`<= ${atMost}`]),
  ];
  return `${metric}${MINUS[against]}${END[bound]} ${bounds.join(' and ')}`;
}
