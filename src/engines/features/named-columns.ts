/** Columns that transforms name, of rows in memory: what fitting the transforms that read them goes by. */
import type { Column } from '../tables/columns';
import { bucketsOf } from './buckets';
import { crossValues, hashValues } from './combinations';
import { columnsOf } from '../../domain/definition';
import type { FittedTransform } from './fitted';
import { finiteOnly } from './number-kind';
import { isNumber, kindOf } from './number-kinds';

/** The columns, and those that the transforms name. */
export function withNamed(
  columns: Readonly<Record<string, Column>>,
  transforms: readonly FittedTransform[]
): Readonly<Record<string, Column>> {
  const all: Record<string, Column> = { ...columns };
  for (const transform of transforms) {
    if (!('as' in transform) || transform.as === undefined) continue;
    all[transform.as] = namedColumn(
      transform,
      columnsOf(transform).map((name) => all[name]!)
    );
  }
  return all;
}

/** @param columns what the transform reads */
export function namedColumn(fitted: FittedTransform, columns: readonly Column[]): Column {
  return { type: 'number', values: valuesOf(fitted, columns) };
}

function valuesOf(fitted: FittedTransform, columns: readonly Column[]): Float64Array {
  if (fitted.transform === 'quantileBuckets') return bucketsOf(columns[0]!, fitted.edges);
  if (fitted.transform === 'cross') return crossValues(fitted, columns);
  if (fitted.transform === 'hashing') return hashValues(fitted, columns);
  if (!isNumber(fitted)) throw new TypeError(`${fitted.transform} gives no number`);
  return finiteOnly(kindOf(fitted.transform).values(fitted, columns));
}
