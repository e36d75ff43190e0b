/** Drift of a window against the frozen reference: verdicts that know how many rows they rest on. */
import type { MonitoringDefinition } from '../../domain/definition';
import type { FeatureDrift } from '../../domain/monitoring';
import type { TableColumns } from '../tables/columns';
import { type Reference, type ColumnReference, SCORES } from './reference';
import { rejected } from './benjamini-hochberg';
import { type BinnedValues, countsIn, lengthOf } from './bins';
import { type Psi, psiOf } from './psi';
import { wassersteinOf } from './wasserstein';
import { watchedColumns } from './watched-columns';

export interface DriftWindow {
  readonly table: TableColumns;
  /** [rows] */
  readonly scores?: Float32Array;
}

export type DriftLimits = Pick<MonitoringDefinition, 'minRows'> & MonitoringDefinition['drift'];

export interface Drift {
  readonly features: readonly FeatureDrift[];
  readonly scores?: FeatureDrift;
}

interface Compared {
  readonly reference: ColumnReference;
  readonly psi: Psi;
  /** In σ of the reference; of numbers. */
  readonly wasserstein?: number;
}

/**
 * A column drifts when its PSI effect is over its limit — the largest of the floor, what chance alone exceeds at the
 * false discovery rate, and what the training periods varied by — and its p-value is rejected among all features'.
 * A column that the window lacks is left out. Scores are judged by themselves.
 */
export function driftOf(reference: Reference, { table, scores }: DriftWindow, limits: DriftLimits): Drift {
  const now = watchedColumns(table, reference.watched);
  const compared = reference.columns.flatMap((column) => {
    const values = now.find(({ name }) => name === column.column)?.values;
    return values === undefined || lengthOf(values) === 0 ? [] : [compare(column, values)];
  });
  const enough = table.rows >= limits.minRows && reference.rows >= limits.minRows;
  const features = judge(compared, limits, enough);
  if (reference.scores === undefined || scores === undefined || scores.length === 0) return { features };
  const [scored] = judge([compare(reference.scores, { kind: 'number', values: scores })], limits, enough);
  return { features, scores: { ...scored!, column: SCORES } };
}

function compare(reference: ColumnReference, values: BinnedValues): Compared {
  const psi = psiOf(reference.bins, countsIn(reference.bins, values));
  const wasserstein =
    reference.spread === undefined || values.kind !== 'number'
      ? undefined
      : wassersteinOf(reference.spread, values.values);
  return { reference, psi, ...(wasserstein === undefined ? {} : { wasserstein }) };
}

function judge(compared: readonly Compared[], limits: DriftLimits, enough: boolean): readonly FeatureDrift[] {
  const rate = limits.falseDiscoveryRate;
  const alarms = rejected(
    compared.map(({ psi }) => psi.pValue),
    rate
  );
  return compared.map(({ reference, psi, wasserstein }, i) => {
    const limit = Math.max(limits.psiFloor, psi.nullLimit(rate), reference.variation);
    const drifts = alarms[i] === true && psi.effect > limit;
    return {
      column: reference.column,
      statistic: 'psi',
      value: psi.value,
      effect: psi.effect,
      limit,
      pValue: psi.pValue,
      verdict: enough ? (drifts ? 'drift' : 'none') : 'insufficient data',
      ...(wasserstein === undefined ? {} : { wasserstein: { value: wasserstein, floor: limits.wassersteinFloor } }),
    };
  });
}
