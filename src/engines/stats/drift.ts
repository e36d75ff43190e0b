/** Drift of a window against the frozen reference: verdicts that know how many rows they rest on. */
import type { MonitoringDefinition } from '../../domain/definition';
import type { FeatureDrift } from '../../domain/monitoring';
import type { TableColumns } from '../tables/columns';
import { type Reference, type ColumnReference, SCORES } from './reference';
import { rejected } from './benjamini-hochberg';
import { type BinnedValues, countsIn, lengthOf } from './bins';
import { type Change, changeOf } from './change';
import { watchedColumns } from './watched-columns';

export interface DriftWindow {
  readonly table: TableColumns;
  /** As the reference has them. */
  readonly scores?: BinnedValues;
}

export type DriftLimits = Pick<MonitoringDefinition, 'minRows'> & MonitoringDefinition['drift'];

export interface Drift {
  readonly features: readonly FeatureDrift[];
  readonly scores?: FeatureDrift;
}

interface Compared {
  readonly reference: ColumnReference;
  readonly change: Change;
}

/**
 * A column, and the score as one of them, drifts when its p-value is rejected among all and its effect is over the limit:
 * the floor, or what the training periods varied by, if that is larger. A column that the window lacks is left out.
 */
export function driftOf(reference: Reference, { table, scores }: DriftWindow, limits: DriftLimits): Drift {
  const now = watchedColumns(table, reference.watched);
  const compared = reference.columns.flatMap((column) => {
    const values = now.find(({ name }) => name === column.column)?.values;
    return values === undefined || lengthOf(values) === 0 ? [] : [compare(column, values)];
  });
  const enough = table.rows >= limits.minRows && reference.rows >= limits.minRows;
  if (reference.scores === undefined || scores === undefined || lengthOf(scores) === 0) {
    return { features: judge(compared, limits, enough) };
  }
  const scored = compare(reference.scores, scores);
  const judged = judge([...compared, scored], limits, enough);
  return { features: judged.slice(0, -1), scores: { ...judged.at(-1)!, column: SCORES } };
}

function compare(reference: ColumnReference, values: BinnedValues): Compared {
  return { reference, change: changeOf(reference.bins, countsIn(reference.bins, values)) };
}

function judge(compared: readonly Compared[], limits: DriftLimits, enough: boolean): readonly FeatureDrift[] {
  const alarms = rejected(
    compared.map(({ change }) => change.pValue),
    limits.falseDiscoveryRate
  );
  return compared.map(({ reference, change }, i) => {
    const limit = Math.max(limits.psiFloor, reference.variation);
    const drifts = alarms[i] === true && change.effect > limit;
    return {
      column: reference.column,
      ...change,
      limit,
      verdict: enough ? (drifts ? 'drift' : 'none') : 'insufficient data',
    };
  });
}
