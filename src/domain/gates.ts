/** The rule of the gates: what an evaluation must show before a person is asked. */
import type { GateDefinition } from './definition';
import type { ColumnSlice, Evaluation, GateResult, Interval, Metrics } from './evaluation';
import { holmAdjusted } from './holm';
import { hasInterval } from './intervals';
import { tQuantile, tWithin } from './student-t';

type Judged = Pick<Evaluation, 'candidate' | 'againstBaseline' | 'againstChampion' | 'champion' | 'columnSlices'>;

/**
 * @param contaminated a model has seen test rows in training: a comparison with it can't pass
 */
export function judgeGates(
  gates: readonly GateDefinition[],
  evaluation: Judged,
  contaminated = false
): readonly GateResult[] {
  return gates.map((gate) => judge(gate, evaluation, contaminated));
}

/** Blocking ones that failed. */
export function failedGates(results: readonly GateResult[]): GateResult[] {
  return results.filter(({ severity, outcome }) => severity !== 'advisory' && outcome.startsWith('failed'));
}

/** `auc: failed, 0.51: auc − champion >= 0.05` */
export function gateLine({ gate, outcome, value, slice, bound }: GateResult): string {
  const shown = value === undefined ? '' : `, ${value.toPrecision(4)}`;
  return `${gate}: ${outcome}${shown}${slice === undefined ? '' : ` (${slice})`}: ${bound}`;
}

/** A failed blocking gate rejects without asking. */
export function gatesPass(results: readonly GateResult[]): boolean {
  return results.every(({ severity, outcome }) => severity === 'advisory' || !outcome.startsWith('failed'));
}

function judge(gate: GateDefinition, evaluation: Judged, contaminated: boolean): GateResult {
  const result = { gate: gate.name, severity: gate.severity, bound: boundOf(gate) };
  if (gate.against === 'champion' && evaluation.champion === undefined) {
    return { ...result, outcome: 'skipped: no champion' };
  }
  const places = placesOf(gate, evaluation);
  if (places.length === 0) return { ...result, outcome: 'failed: missing slice' };
  const found: Found[] = [];
  for (const { slice, metrics } of places) {
    const metric = metrics?.[gate.metric];
    const at = { ...result, ...slice };
    if (metric === undefined) return { ...at, outcome: 'failed: missing metric' };
    if (gate.bound !== 'estimate' && !hasInterval(metric)) return { ...at, outcome: 'failed: no interval' };
    found.push({ slice, metric });
  }
  const { failed, worst } = verdictOn(gate, found);
  const shown = { ...result, ...worst.slice, value: worst.metric[gate.bound] };
  if (gate.against === 'champion' && contaminated) return { ...shown, outcome: 'failed: contaminated' };
  return { ...shown, outcome: failed ? 'failed' : 'passed' };
}

interface Place {
  /** Nothing, of a gate on all rows. */
  readonly slice: { readonly slice?: string };
  readonly metrics: Metrics | undefined;
}

/** Where the gate must hold. None: no slice that it names has enough rows. */
function placesOf({ against, slice }: GateDefinition, evaluation: Judged): readonly Place[] {
  const metricsIn = (of: Judged | ColumnSlice): Metrics | undefined => {
    if (against === 'value') return of.candidate;
    return against === 'baseline' ? of.againstBaseline : of.againstChampion;
  };
  if (slice === undefined) return [{ slice: {}, metrics: metricsIn(evaluation) }];
  return (evaluation.columnSlices ?? [])
    .filter(({ column, value, candidate }) => {
      const named = column === slice.column && (slice.value === undefined || value === slice.value);
      return named && candidate !== undefined;
    })
    .map((of) => ({ slice: { slice: of.value }, metrics: metricsIn(of) }));
}

interface Found {
  readonly slice: { readonly slice?: string };
  readonly metric: Interval;
}

/** Where it is on one place only, or about estimates, each place is judged by itself; ends of intervals on several by Holm. */
function verdictOn(gate: GateDefinition, found: readonly Found[]): { readonly failed: boolean; readonly worst: Found } {
  const margins = found.map(({ metric }) => marginOf(gate, metric[gate.bound]));
  const least = margins.indexOf(Math.min(...margins));
  if (gate.bound === 'estimate' || found.length === 1) return { failed: margins[least]! < 0, worst: found[least]! };
  const pValues = found.map(({ metric }) => notBeyond(gate, metric));
  const tail = (1 - found[0]!.metric.confidence) / 2;
  const worst = found[pValues.indexOf(Math.max(...pValues))]!;
  return { failed: !holmAdjusted(pValues).every((p) => p <= tail), worst };
}

/** How far a value is within the bounds; below 0: it isn't. */
function marginOf({ atLeast, atMost }: GateDefinition, value: number): number {
  const low = atLeast === undefined ? Number.POSITIVE_INFINITY : value - atLeast;
  const high = atMost === undefined ? Number.POSITIVE_INFINITY : atMost - value;
  return Math.min(low, high);
}

/** The p-value of "the metric isn't beyond the bound", by t with as many degrees of freedom as its interval has. */
function notBeyond(gate: GateDefinition, { estimate, low, high, blocks, confidence }: Interval): number {
  const error = (high - low) / 2 / tQuantile(confidence, blocks - 1);
  const distance = marginOf(gate, estimate);
  if (error === 0) return distance >= 0 ? 0 : 1;
  const within = tWithin(Math.abs(distance / error), blocks - 1);
  return distance > 0 ? (1 - within) / 2 : (1 + within) / 2;
}

const MINUS = { value: '', baseline: ' − baseline', champion: ' − champion' } as const;

const END = { estimate: '', low: ', low end of the interval', high: ', high end of the interval' } as const;

function boundOf({ metric, against, bound, slice, atLeast, atMost }: GateDefinition): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`>= ${atLeast}`]),
    ...(atMost === undefined ? [] : [`<= ${atMost}`]),
  ];
  return `${metric}${MINUS[against]}${END[bound]} ${bounds.join(' and ')}${sliceWords(slice, bound)}`;
}

function sliceWords(slice: GateDefinition['slice'], bound: GateDefinition['bound']): string {
  if (slice === undefined) return '';
  if (slice.value !== undefined) return ` where ${slice.column} is ${slice.value}`;
  return ` on each ${slice.column}${bound === 'estimate' ? '' : ' (Holm)'}`;
}
