/**
 * A parity file: rows, and the scores that the model's own framework gave them. `{columns: [name, …], data: [[value, …], …],
 * scores: [number or list, …]}`, columns and data as pandas writes them with `orient='split'`.
 */
import { MlopsError } from '../../domain/errors';
import type { ColumnType } from '../../domain/definition';
import type { JobContext } from '../../domain/job';
import type { Scores } from '../../domain/scores';
import { type Target, widthOf } from '../../domain/task';
import type { FeatureInput } from '../features/fitted';
import { batchDependentOperators } from '../onnx/batch-invariant';
import { decodeModel } from '../onnx/model';
import type { Column, TableColumns } from '../tables/columns';
import { MISSING_TIMESTAMP } from '../tables/columns';
import { scoreRows } from './score-rows';

/** Largest difference of a score. */
const WITHIN = 1e-4;

export interface Parities {
  readonly table: TableColumns;
  /** [rows, width] */
  readonly scores: Float64Array;
}

/** @throws MlopsError MLOPS_MODEL_PARITY: it is not a parity file of this model */
export function paritiesOf(
  text: string,
  read: readonly FeatureInput[],
  types: Readonly<Record<string, ColumnType>>,
  target: Target
): Parities {
  const { columns, data, scores } = parsed(text);
  const width = widthOf(target);
  if (data.length === 0 || data.length !== scores.length)
    throw unfit('It has not one score for each row.', { rows: data.length, scores: scores.length });
  const table = {
    rows: data.length,
    columns: Object.fromEntries(
      read.map((input) => {
        const at = columns.indexOf(input.column);
        if (at < 0) throw unfit('It lacks a column that the model reads.', { column: input.column });
        const values = data.map((row) => (Array.isArray(row) ? (row as unknown[])[at] : undefined) ?? null);
        return [input.column, columnOf(values, input, types[input.column] ?? 'string')];
      })
    ),
  };
  const flat = scores.map((score, row) => {
    const own = Array.isArray(score) ? (score as unknown[]) : [score];
    if (own.length === width && own.every((value) => typeof value === 'number')) return own as number[];
    throw unfit(`A row's score is not ${width === 1 ? 'a number' : `a list of ${width} numbers`}.`, { row });
  });
  return { table, scores: Float64Array.from(flat.flat()) };
}

/**
 * The largest difference. Where a row's score follows its batch, the rows are scored together and one by one, and the closer of the two
 * counts: the framework made the file's scores in one of these ways, and no file says in which.
 * @throws MlopsError MLOPS_MODEL_PARITY: one is beyond 1e-4
 */
export async function parityOf(
  model: Uint8Array,
  { table, scores }: Parities,
  context: Pick<JobContext, 'progress'>
): Promise<number> {
  const together = furthest(await scoreRows(model, table, {}, context), scores);
  if (batchDependentOperators(decodeModel(model)).length === 0) return requireWithin(together);
  const alone = furthest(await scoreRows(model, table, { batch: 1 }, context), scores);
  return requireWithin(alone.difference < together.difference ? alone : together);
}

interface Difference {
  readonly difference: number;
  readonly row: number;
  readonly expected: number;
  readonly found: number;
}

/** A score that is not a number is the furthest. */
function furthest({ width, values }: Scores, scores: Float64Array): Difference {
  let most: Difference = { difference: 0, row: 0, expected: 0, found: 0 };
  for (let at = 0; at < values.length; at += 1) {
    const [expected, found] = [scores[at]!, values[at]!];
    const difference = Math.abs(found - expected);
    const next = { difference: Number.isNaN(difference) ? Infinity : difference, row: Math.floor(at / width) };
    if (next.difference > most.difference) most = { ...next, expected, found };
  }
  return most;
}

function requireWithin({ difference, ...where }: Difference): number {
  if (difference <= WITHIN) return difference;
  throw new MlopsError(
    'MLOPS_MODEL_PARITY',
    'The model scores a row of the parity file otherwise than the file says.',
    { ...where, within: WITHIN },
    'Do columns and their order fit, and the order of the classes? Else export the model, or the file, again.'
  );
}

function parsed(text: string): { columns: unknown[]; data: unknown[]; scores: unknown[] } {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw unfit('It is not JSON.', { reason: (cause as Error).message.slice(0, 200) });
  }
  const { columns, data, scores } = (given ?? {}) as Record<string, unknown>;
  if (Array.isArray(columns) && Array.isArray(data) && Array.isArray(scores)) return { columns, data, scores };
  throw unfit('It is not an object of the lists columns, data and scores.', {});
}

function columnOf(values: readonly unknown[], { column, type, width }: FeatureInput, declared: ColumnType): Column {
  const not = (row: number) => unfit(`A value of ${column} is not ${declared}.`, { column, row });
  switch (type) {
    case 'number': {
      const numbers = values.map((value, row) => {
        if (value === null) return Number.NaN;
        if (typeof value !== 'number' && typeof value !== 'boolean') throw not(row);
        return Number(value);
      });
      return { type, values: Float64Array.from(numbers) };
    }
    case 'timestamp': {
      const times = values.map((value, row) => {
        if (value === null) return MISSING_TIMESTAMP;
        const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
        if (!Number.isFinite(ms)) throw not(row);
        return BigInt(ms) * 1_000n;
      });
      return { type, values: BigInt64Array.from(times) };
    }
    case 'vector': {
      const rows = values.map((value, row) => {
        if (value === null) return new Array<number>(width!).fill(Number.NaN);
        if (!Array.isArray(value) || value.length !== width || !value.every((one) => typeof one === 'number'))
          throw not(row);
        return value as number[];
      });
      return { type, width: width!, values: Float64Array.from(rows.flat()) };
    }
    case 'string':
    case 'text': {
      const texts = values.map((value, row) => {
        if (value !== null && typeof value !== 'string') throw not(row);
        return value;
      });
      if (type === 'text') return { type, values: texts };
      const dictionary = [...new Set(texts.filter((text) => text !== null))].sort();
      const codes = Int32Array.from(texts, (text) => (text === null ? -1 : dictionary.indexOf(text)));
      return { type, dictionary, codes };
    }
  }
}

function unfit(what: string, where: MlopsError['where']): MlopsError {
  return new MlopsError(
    'MLOPS_MODEL_PARITY',
    `The parity file does not fit the model. ${what}`,
    where,
    'Write {columns, data, scores}: docs/importing.md.'
  );
}
