/** A window's rows, read line by line into columns as the statistics take them. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type ColumnType, typeName, widthOfVector } from '../../domain/definition';
import type { RecordedInput } from '../../domain/endpoint';
import { emptyScores, numbersOf, type RecordedScore, type Scores } from '../../domain/scores';
import { type Column, MISSING_TIMESTAMP, type TableColumns } from '../tables/columns';

export type Value = RecordedInput;

export interface WindowRow {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly score: RecordedScore;
  /** Event time, ms since 1970. */
  readonly at: number;
  /** Where the world knows it by the window's asOf. */
  readonly truth?: number;
}

export interface WindowTable {
  readonly table: TableColumns;
  readonly scores: Scores;
  /** The rows with truth, in the order of event time: µs, scores, labels. */
  readonly known: {
    readonly eventTime: BigInt64Array;
    readonly scores: Scores;
    readonly labels: Float32Array;
    /** The clusters' column, where one is asked for. */
    readonly table: TableColumns;
  };
}

/**
 * @param path a JSON `WindowRow` a line, in the order of event time
 * @param cluster the column among them whose values are clusters
 * @param progress receives how many were read
 */
export async function readWindow(
  path: string,
  columns: Readonly<Record<string, ColumnType>>,
  cluster: string | undefined,
  progress: (rows: number) => void
): Promise<WindowTable> {
  const values = Object.fromEntries(Object.keys(columns).map((name) => [name, [] as Value[]]));
  const scores: RecordedScore[] = [];
  const known: WindowRow[] = [];
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const row = JSON.parse(line) as WindowRow;
    for (const [name, column] of Object.entries(values)) column.push(row.inputs[name] ?? null);
    scores.push(row.score);
    if (row.truth !== undefined) known.push(row);
    if (scores.length % PROGRESS_ROWS === 0) progress(scores.length);
  }
  return {
    table: {
      rows: scores.length,
      columns: Object.fromEntries(
        Object.entries(columns).map(([name, type]) => [name, columnOf(type, values[name] ?? [])])
      ),
    },
    scores: scoresOf(scores),
    known: {
      eventTime: BigInt64Array.from(known, ({ at }) => BigInt(at) * 1000n),
      scores: scoresOf(known.map(({ score }) => score)),
      labels: Float32Array.from(known, ({ truth }) => truth ?? Number.NaN),
      table: {
        rows: known.length,
        columns: Object.fromEntries(
          Object.entries(columns)
            .filter(([name]) => name === cluster)
            .map(([name, type]) => [
              name,
              columnOf(
                type,
                known.map(({ inputs }) => inputs[name] ?? null)
              ),
            ])
        ),
      },
    },
  };
}

/** All rows of a window have scores of one width: they are of one project. */
function scoresOf(rows: readonly RecordedScore[]): Scores {
  const width = rows[0] === undefined ? 1 : numbersOf(rows[0]).length;
  const scores = emptyScores(width, rows.length);
  rows.forEach((score, row) => scores.values.set(numbersOf(score), row * width));
  return scores;
}

const PROGRESS_ROWS = 20_000;

function columnOf(type: ColumnType, values: readonly Value[]): Column {
  switch (typeName(type)) {
    case 'string':
      return stringColumn(values.map((value) => (value === null ? null : String(value))));
    case 'text':
      return { type: 'text', values: values.map((value) => (value === null ? null : String(value))) };
    case 'vector': {
      const width = widthOfVector(type)!;
      const numbers = new Float64Array(values.length * width).fill(Number.NaN);
      values.forEach((value, row) => {
        if (value !== null) numbers.set(value as readonly number[], row * width);
      });
      return { type: 'vector', width, values: numbers };
    }
    case 'timestamp':
      return {
        type: 'timestamp',
        values: BigInt64Array.from(values, (value) => (value === null ? MISSING_TIMESTAMP : BigInt(Number(value)))),
      };
    case 'integer':
    case 'number':
    case 'decimal':
    case 'boolean':
      return {
        type: 'number',
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      };
  }
}

function stringColumn(values: readonly (string | null)[]): Column {
  const dictionary = [...new Set(values.filter((value) => value !== null))].sort();
  const codes = new Map(dictionary.map((value, code) => [value, code]));
  return {
    type: 'string',
    dictionary,
    codes: Int32Array.from(values, (value) => (value === null ? -1 : (codes.get(value) as number))),
  };
}
