/** Rules about a snapshot beside what people let in last, and how new its newest row is. */
import {
  columnTypes,
  type SchemaDefinition,
  type SourceDefinition,
  type TableRule,
  TYPE_FACTS,
  typeName,
} from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import type { RuleResult, RuleVerdict, TableRuleResult } from '../../domain/records';
import { type BinnedValues, binsOf, countsIn, lengthOf } from '../stats/bins';
import { changeOf } from '../stats/change';
import { type Database, numbersOf } from './duckdb';
import { dependenciesOfRows } from './dependency-rules';
import type { Earlier } from './earlier';
import { examplesOf, judgedWithExamples } from './judge-rows';
import { misfit } from './rules';
import { column, KNOWN_AT } from './sql';
import { judgeTable } from './table-rules';

export interface BesideEarlier {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** ISO-8601 */
  readonly asOf: string;
  readonly earlier: Earlier;
  /** Relations of all rows of the snapshot, with `__known_at`. */
  readonly all: readonly string[];
}

type FreshRule = Extract<TableRule, { readonly fresh: unknown }>;
type DriftRule = Extract<TableRule, { readonly drift: unknown }>;

/** Fewer rows on either side say nothing about drift. */
const LEAST_ROWS = 200;

/**
 * In order: dependencies, columns without equal values, then the others as they stand in the schema. What people let in is not judged
 * again; where nothing else is there, only how new the newest row is still counts.
 */
export async function judgeBesideEarlier(database: Database, beside: BesideEarlier): Promise<readonly RuleResult[]> {
  const { source, schema, asOf, earlier, all } = beside;
  const { rows } = earlier;
  const results: RuleResult[] = rows === undefined ? [] : [...(await ofRows(database, beside, rows))];
  for (const rule of schema.table) {
    if ('fresh' in rule) results.push(await freshResult(database, rule, asOf, all));
    if ('drift' in rule && rows !== undefined) results.push(await driftResult(database, rule, source, earlier));
  }
  return results;
}

async function ofRows(
  database: Database,
  { source, schema, earlier: { before, others } }: BesideEarlier,
  rows: string
): Promise<readonly RuleResult[]> {
  const dependencies = await dependenciesOfRows(database, schema.dependencies, before);
  const unique = schema.table.filter((rule) => 'unique' in rule);
  return [
    ...(await judgedWithExamples(database, dependencies, rows)),
    ...(await judgeTable(database, unique, {
      rows,
      columns: source.columns,
      environment: 'training',
      ...(others === undefined ? {} : { beside: others }),
      examplesOf: (condition) => examplesOf(database, rows, condition),
    })),
  ];
}

/** `observed`: seconds from the newest row's known-at to asOf. */
async function freshResult(
  database: Database,
  { fresh, severity }: FreshRule,
  asOf: string,
  all: readonly string[]
): Promise<TableRuleResult> {
  const rule = `newest row known within ${fresh.event} of asOf`;
  const each = all.map((one) => `SELECT max("${KNOWN_AT}") AS k FROM ${one}`);
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
  source: SourceDefinition,
  { rows, before }: Earlier
): Promise<TableRuleResult> {
  const rule = `${drift} as in the snapshot before`;
  const type = columnTypes(source)[drift];
  if (type === undefined || !TYPE_FACTS[typeName(type)].category)
    throw misfit(drift, 'There is no column of that name that can drift.');
  if (before?.columns.has(drift) !== true) return { rule, severity, verdict: 'not judged' };
  const read = type === 'string' ? textsOf : numbersIn;
  const reference = await read(database, before.rows, drift);
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
  const counts = await database.rows(
    `SELECT v, count(*) AS n FROM (SELECT ${column(name)} AS v FROM ${rows}) GROUP BY v ORDER BY v`
  );
  const present = counts.filter(({ v }) => v !== null);
  const codes = new Int32Array(counts.reduce((sum, { n }) => sum + Number(n), 0)).fill(-1);
  let at = 0;
  for (const [code, { n }] of present.entries()) {
    codes.fill(code, at, at + Number(n));
    at += Number(n);
  }
  return { kind: 'category', dictionary: present.map(({ v }) => v as string), codes };
}
