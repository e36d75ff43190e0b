/** What a point-in-time join must give, by plain loops over a sample of the rows: nothing here is shared with who is measured. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { SAMPLE_OF, TTL_DAYS, VIEWS, type View } from './tables';

type Values = Readonly<Record<View, number | null>>;
type Row = Readonly<Record<string, unknown>>;

/** By the row's id. */
export type Reference = ReadonlyMap<number, Values>;

/** Sampled rows that a joined file has otherwise than the reference. */
export interface Wrong {
  /** Rows that are not there at all. */
  readonly lost: number;
  /** Rows with another value. */
  readonly other: number;
}

const TTL_US = BigInt(TTL_DAYS) * 86_400_000_000n;
const SAMPLED = `id % ${SAMPLE_OF} = 0`;

export async function referenceOf(folder: string): Promise<Reference> {
  const file = (name: string) => `read_parquet('${join(folder, `${name}.parquet`)}')`;
  const rows = await read(
    `SELECT id::DOUBLE AS id, entity, epoch_us("at") AS moment FROM ${file('rows')} WHERE ${SAMPLED}`
  );
  const values = new Map<number, Record<View, number | null>>(
    rows.map((row) => [row['id'] as number, { a: null, b: null, c: null }])
  );
  for (const view of VIEWS) {
    const events = await read(
      `SELECT entity, epoch_us("at") AS moment, "x_${view}" AS x FROM ${file(view)}
       WHERE entity IN (SELECT entity FROM ${file('rows')} WHERE ${SAMPLED})`
    );
    for (const row of rows) {
      const time = row['moment'] as bigint;
      let newest: Row | undefined;
      for (const event of events) {
        const moment = event['moment'] as bigint;
        if (event['entity'] !== row['entity'] || moment >= time || moment < time - TTL_US) continue;
        if (newest === undefined || moment > (newest['moment'] as bigint)) newest = event;
      }
      values.get(row['id'] as number)![view] = newest === undefined ? null : (newest['x'] as number);
    }
  }
  return values;
}

/** To the bit: a value is stored, not computed. */
export async function wrongIn(path: string, reference: Reference): Promise<Wrong> {
  const given = VIEWS.map((view) => `"x_${view}" AS "${view}"`);
  const rows = await read(`SELECT id::DOUBLE AS id, ${given.join(', ')} FROM read_parquet('${path}') WHERE ${SAMPLED}`);
  const found = new Map(rows.map((row) => [row['id'] as number, row]));
  let lost = 0;
  let other = 0;
  for (const [id, values] of reference) {
    const row = found.get(id);
    if (row === undefined) lost += 1;
    else if (VIEWS.some((view) => !Object.is(row[view], values[view]))) other += 1;
  }
  return { lost, other };
}

async function read(sql: string): Promise<readonly Row[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
    connection.closeSync();
    return rows;
  } finally {
    instance.closeSync();
  }
}
