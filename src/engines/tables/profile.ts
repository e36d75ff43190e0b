/** What a batch's columns look like: exact figures, the same on every run. */
import type { ColumnDefinition, ColumnType } from '../../domain/definition';
import type { Database } from './duckdb';
import { isoOf } from './moments';
import { column } from './sql';

export interface ColumnProfile {
  readonly type: ColumnType;
  readonly present: number;
  readonly missing: number;
  readonly distinct: number;
  /** Numbers, integers and (as 0 and 1) booleans have it. */
  readonly mean?: number;
  /** Timestamps in ISO-8601. Strings have neither bounds nor quantiles. */
  readonly min?: number | string;
  readonly max?: number | string;
  /** Values of the column at these shares of it: `0.5` is the lower median. */
  readonly quantiles?: Readonly<Record<string, number | string>>;
  /** The most frequent first; equally frequent ones by value. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

export type Profile = Readonly<Record<string, ColumnProfile>>;

const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const TOP = 10;

/** A private column has counts alone. */
export async function profileOf(
  database: Database,
  table: string,
  columns: Readonly<Record<string, ColumnDefinition>>
): Promise<Profile> {
  const profiles: [string, ColumnProfile][] = [];
  for (const [name, { type, privacy }] of Object.entries(columns)) {
    const { present, missing, distinct, ...values } = await profileColumn(database, table, name, type);
    const shown = privacy === true ? { top: [] } : values;
    profiles.push([name, { type, present, missing, distinct, ...shown }]);
  }
  return Object.fromEntries(profiles);
}

async function profileColumn(
  database: Database,
  table: string,
  name: string,
  type: ColumnType
): Promise<ColumnProfile> {
  const it = column(name);
  const counted = `SELECT ${it} AS v, count(*) AS n FROM ${table} WHERE ${it} IS NOT NULL GROUP BY v`;
  const top = await database.rows(
    `SELECT v::VARCHAR AS value, n AS count FROM (${counted}) ORDER BY n DESC, v LIMIT ${TOP}`
  );
  const [counts] = await database.rows(
    `SELECT coalesce(sum(n), 0)::BIGINT AS present, count(*) AS distinct FROM (${counted})`
  );
  const [all] = await database.rows(`SELECT count(*) AS n FROM ${table}`);
  const present = Number(counts!['present']);
  return {
    type,
    present,
    missing: Number(all!['n']) - present,
    distinct: Number(counts!['distinct']),
    ...(type === 'string' || present === 0 ? {} : await spread(database, table, it, type)),
    top: top.map(({ value, count }) => ({ value: String(value), count: Number(count) })),
  };
}

async function spread(
  database: Database,
  table: string,
  it: string,
  type: Exclude<ColumnType, 'string'>
): Promise<Pick<ColumnProfile, 'mean' | 'min' | 'max' | 'quantiles'>> {
  if (type === 'boolean') {
    const [found] = await database.rows(`SELECT avg(${it}::INTEGER) AS mean FROM ${table}`);
    return { mean: Number(found!['mean']) };
  }
  const value = type === 'timestamp' ? `epoch_us(${it})` : it;
  const shares = `[${SHARES.map((share) => `'${share}'::DOUBLE`).join(', ')}]`;
  const [found] = await database.rows(
    `SELECT min(v) AS min, max(v) AS max, avg(v) AS mean, quantile_disc(v, ${shares}) AS quantiles
     FROM (SELECT ${value} AS v FROM ${table})`
  );
  const plain = (v: unknown) => (type === 'timestamp' ? isoOf(v as bigint) : Number(v));
  const quantiles = found!['quantiles'] as readonly unknown[];
  return {
    ...(type === 'timestamp' ? {} : { mean: Number(found!['mean']) }),
    min: plain(found!['min']),
    max: plain(found!['max']),
    quantiles: Object.fromEntries(SHARES.map((share, i) => [String(share), plain(quantiles[i])])),
  };
}
