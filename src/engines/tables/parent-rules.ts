/** Rules about a batch beside the snapshot before it: how new the newest row is, and whether a column drifts. */
import type { ColumnType, TableRule } from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import type { RuleVerdict, TableRuleResult } from '../../domain/records';
import { type BinnedValues, binsOf, countsIn, lengthOf } from '../stats/bins';
import { changeOf } from '../stats/change';
import { type Database, numbersOf } from './duckdb';
import { misfit } from './rules';
import { column, KNOWN_AT } from './sql';

export interface BesideParent {
  readonly types: Readonly<Record<string, ColumnType>>;
  /** ISO-8601 */
  readonly asOf: string;
  /** A relation of the batch's rows, with `__known_at`; absent where nothing is new. */
  readonly rows?: string;
  /** A relation of the parent's rows that stay; absent where there is no parent. */
  readonly before?: string;
}

type FreshRule = Extract<TableRule, { readonly fresh: unknown }>;
type DriftRule = Extract<TableRule, { readonly drift: unknown }>;

/** Fewer rows on either side say nothing about drift. */
const LEAST_ROWS = 200;

/** In the order of the rules; other rules are passed over. */
export async function judgeBesideParent(
  database: Database,
  rules: readonly TableRule[],
  beside: BesideParent
): Promise<readonly TableRuleResult[]> {
  const results: TableRuleResult[] = [];
  for (const rule of rules) {
    if ('fresh' in rule) results.push(await freshResult(database, rule, beside));
    if ('drift' in rule && beside.rows !== undefined) results.push(await driftResult(database, rule, beside));
  }
  return results;
}

/** `observed`: seconds from the newest row's known-at to asOf. */
async function freshResult(
  database: Database,
  { fresh, severity }: FreshRule,
  { asOf, rows, before }: BesideParent
): Promise<TableRuleResult> {
  const rule = `newest row known within ${fresh.event} of asOf`;
  const each = [rows, before]
    .filter((one) => one !== undefined)
    .map((one) => `SELECT max("${KNOWN_AT}") AS k FROM ${one}`);
  if (each.length === 0) return { rule, severity, verdict: 'not judged' };
  const [found] = await database.rows(`SELECT epoch_ms(max(k)) AS newest FROM (${each.join(' UNION ALL ')})`);
  const newest = found!['newest'];
  if (newest === null) return { rule, severity, verdict: 'not judged' };
  const age = Date.parse(asOf) - Number(newest);
  return { rule, severity, verdict: age <= durationMs(fresh) ? 'passed' : 'failed', observed: age / 1000 };
}

/** `observed`: the population stability index, less what chance leads to expect. */
async function driftResult(
  database: Database,
  { drift, floor, pValue, severity }: DriftRule,
  { types, rows, before }: BesideParent
): Promise<TableRuleResult> {
  const rule = `${drift} as in the snapshot before`;
  const type = types[drift];
  if (type === undefined || type === 'timestamp')
    throw misfit(drift, 'There is no column of that name that can drift.');
  if (before === undefined) return { rule, severity, verdict: 'not judged' };
  const read = type === 'string' ? textsOf : numbersIn;
  const reference = await read(database, before, drift);
  const now = await read(database, rows!, drift);
  if (lengthOf(reference) < LEAST_ROWS || lengthOf(now) < LEAST_ROWS) return { rule, severity, verdict: 'not judged' };
  const bins = binsOf(reference);
  const change = changeOf(bins, countsIn(bins, now));
  const verdict: RuleVerdict = change.effect > floor && change.pValue <= pValue ? 'failed' : 'passed';
  return { rule, severity, verdict, observed: change.effect };
}

/** In no order: bins count. */
async function numbersIn(database: Database, rows: string, name: string): Promise<BinnedValues> {
  const [counted] = await database.rows(`SELECT count(*) AS n FROM ${rows}`);
  const values = new Float64Array(Number(counted!['n']));
  let at = 0;
  for await (const chunk of database.chunks(`SELECT coalesce(${column(name)}::DOUBLE, 'NaN'::DOUBLE) FROM ${rows}`)) {
    values.set(numbersOf(chunk, 0, Float64Array).subarray(0, chunk.rowCount), at);
    at += chunk.rowCount;
  }
  return { kind: 'number', values };
}

async function textsOf(database: Database, rows: string, name: string): Promise<BinnedValues> {
  const counts = await database.rows(`SELECT ${column(name)} AS v, count(*) AS n FROM ${rows} GROUP BY v ORDER BY v`);
  const present = counts.filter(({ v }) => v !== null);
  const codes = new Int32Array(counts.reduce((sum, { n }) => sum + Number(n), 0)).fill(-1);
  let at = 0;
  for (const [code, { n }] of present.entries()) {
    codes.fill(code, at, at + Number(n));
    at += Number(n);
  }
  return { kind: 'category', dictionary: present.map(({ v }) => v as string), codes };
}
