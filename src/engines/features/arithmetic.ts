/** Two columns as one number. */
import { HOUR_US } from '../../domain/durations';
import type { Operators } from '../onnx/operators';
import { type Column, MISSING_TIMESTAMP } from '../tables/columns';
import type { Fitted } from './fitted';
import { finiteOnly, type NumberKind } from './number-kind';
import { meanOf } from './statistics';

type Op = Fitted<'arithmetic'>['op'];

/** Features of one group have one `op`, and read columns of one type. */
export const arithmetic: NumberKind<'arithmetic'> = {
  fit: ({ op }, columns) => ({ fill: meanOf(finiteOnly(combined(op, columns))) }),
  values: ({ op }, columns) => combined(op, columns),
  emit: (o, features, inputs) => {
    const a = inputs.rows(features.map(({ columns }) => columns[0]));
    const b = inputs.rows(features.map(({ columns }) => columns[1]));
    if (a.type !== 'int64') return nodeOf(o, features[0]!.op)(a, b);
    const missing = o.integer(MISSING_TIMESTAMP);
    const hours = o.div(o.cast(o.sub(a, b), 'float64'), o.scalar(HOUR_US, 'float64'));
    return o.where(o.or(o.equal(a, missing), o.equal(b, missing)), o.scalar(Number.NaN, 'float64'), hours);
  },
};

function nodeOf(o: Operators, op: Op) {
  switch (op) {
    case 'sum':
      return o.add;
    case 'difference':
      return o.sub;
    case 'product':
      return o.mul;
    case 'ratio':
      return o.div;
  }
}

function combined(op: Op, [a, b]: readonly Column[]): Float64Array {
  if (a?.type === 'timestamp' && b?.type === 'timestamp') {
    return Float64Array.from(a.values, (time, row) => hoursBetween(time, b.values[row]!));
  }
  if (a?.type !== 'number' || b?.type !== 'number') return new Float64Array();
  return a.values.map((x, row) => numberOf(op, x, b.values[row]!));
}

function hoursBetween(a: bigint, b: bigint): number {
  return a === MISSING_TIMESTAMP || b === MISSING_TIMESTAMP ? Number.NaN : Number(a - b) / HOUR_US;
}

function numberOf(op: Op, x: number, y: number): number {
  switch (op) {
    case 'sum':
      return x + y;
    case 'difference':
      return x - y;
    case 'product':
      return x * y;
    case 'ratio':
      return x / y;
  }
}
