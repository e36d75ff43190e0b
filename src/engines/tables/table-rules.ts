/** Rules about a batch or a window as a whole: figures between bounds, and columns without equal values. */
import {
  type ColumnDefinition,
  type ColumnType,
  decimalDigits,
  type Environment,
  isCheckedIn,
  type Measure,
  type TableRule,
  TYPE_FACTS,
  typeName,
} from '../../domain/definition';
import type { RuleResult, RuleVerdict, TableRuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import { resultOf } from './judge-rows';
import { misfit } from './rules';
import { column } from './sql';

export interface JudgedTable {
  /** A relation with the columns. */
  readonly rows: string;
  readonly columns: Readonly<Record<string, Pick<ColumnDefinition, 'type' | 'privacy'>>>;
  readonly environment: Environment;
  /** A relation of further rows of the snapshot, among which there may be equal ones. */
  readonly beside?: string;
  /** First few rows that a condition holds for. */
  readonly examplesOf?: (condition: string) => Promise<readonly string[]>;
}

type MeasureRule = Extract<TableRule, { readonly measure: unknown }>;
type UniqueRule = Extract<TableRule, { readonly unique: unknown }>;

/** @throws MlopsError MLOPS_DEFINITION_INVALID: a rule of an undeclared column, or one that doesn't fit its type */
export async function judgeTable(
  database: Database,
  rules: readonly TableRule[],
  table: JudgedTable
): Promise<readonly RuleResult[]> {
  const here = rules.filter((rule) => ('measure' in rule || 'unique' in rule) && isCheckedIn(table.environment, rule));
  const figures = await measured(
    database,
    here.filter((rule) => 'measure' in rule),
    table
  );
  const results: RuleResult[] = [];
  for (const rule of here) {
    if ('measure' in rule) results.push(measureResult(rule, figures.get(rule), table));
    if ('unique' in rule) results.push(await uniqueResult(database, rule, table));
  }
  return results;
}

async function measured(
  database: Database,
  rules: readonly MeasureRule[],
  { rows, columns }: JudgedTable
): Promise<ReadonlyMap<MeasureRule, number>> {
  if (rules.length === 0) return new Map();
  const figures = rules.map((rule, i) => `(${figureOf(rule, columns)})::DOUBLE AS f${i}`);
  const [found] = await database.rows(`SELECT ${figures.join(', ')} FROM ${rows}`);
  return new Map(
    rules.flatMap((rule, i) => {
      const figure = found![`f${i}`];
      return figure === null ? [] : [[rule, Number(figure)] as const];
    })
  );
}

/** SQL; NULL where there is nothing to measure. */
function figureOf({ measure, column: name }: MeasureRule, columns: JudgedTable['columns']): string {
  if (measure === 'rows') return 'count(*)';
  const type = name === undefined ? undefined : columns[name]?.type;
  if (name === undefined || type === undefined)
    throw misfit(name ?? measure, `There is no column to take the ${measure} of.`);
  if (TELLING.has(measure) && !TYPE_FACTS[typeName(type)].numeric) throw misfit(name, `A ${type} has no ${measure}.`);
  // Exact, where the sum of any rows fits.
  if (measure === 'sum' && isShortDecimal(type)) return `sum(${column(name)})`;
  return FIGURES[measure](column(name));
}

/** DuckDB sums to 38 digits. */
function isShortDecimal(type: ColumnType): boolean {
  return typeName(type) === 'decimal' && decimalDigits(type).precision <= 28;
}

const FIGURES: Readonly<Record<Exclude<Measure, 'rows'>, (it: string) => string>> = {
  distinct: (it) => `count(DISTINCT ${it})`,
  distinctShare: (it) => `count(DISTINCT ${it}) / nullif(count(${it}), 0)`,
  missingShare: (it) => `(count(*) - count(${it})) / nullif(count(*), 0)`,
  sum: (it) => `sum(${it}::DOUBLE)`,
  mean: (it) => `avg(${it}::DOUBLE)`,
  median: (it) => `median(${it}::DOUBLE)`,
  deviation: (it) => `stddev_samp(${it}::DOUBLE)`,
  least: (it) => `min(${it}::DOUBLE)`,
  greatest: (it) => `max(${it}::DOUBLE)`,
};

/** Figures that are values of the column, or give them away. */
const TELLING: ReadonlySet<Measure> = new Set(['sum', 'mean', 'median', 'deviation', 'least', 'greatest'] as const);

function measureResult(rule: MeasureRule, figure: number | undefined, { columns }: JudgedTable): TableRuleResult {
  const { measure, column: name, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, severity } = rule;
  const verdict: RuleVerdict =
    figure === undefined ? 'not judged' : figure >= min && figure <= max ? 'passed' : 'failed';
  const hidden = TELLING.has(measure) && name !== undefined && columns[name]?.privacy === true;
  const observed = figure === undefined || hidden ? {} : { observed: figure };
  return { rule: measureName(rule), severity, verdict, ...observed };
}

/** `mean of km at least 3 and at most 9` */
export function measureName({
  measure,
  column: name,
  min,
  max,
}: Pick<MeasureRule, 'measure' | 'column' | 'min' | 'max'>): string {
  const bounds = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])];
  return `${WORDS[measure]}${name === undefined ? '' : ` of ${name}`} ${bounds.join(' and ')}`;
}

const WORDS: Readonly<Record<Measure, string>> = {
  rows: 'rows',
  sum: 'sum',
  mean: 'mean',
  median: 'median',
  deviation: 'standard deviation',
  least: 'least value',
  greatest: 'greatest value',
  distinct: 'distinct values',
  distinctShare: 'share of distinct values',
  missingShare: 'share of missing values',
};

const uniqueName = ({ unique }: Pick<UniqueRule, 'unique'>): string => `${unique.join(', ')} unique`;

/** As results name it; undefined of a rule beside the parent. */
export function tableRuleName(rule: TableRule): string | undefined {
  if ('measure' in rule) return measureName(rule);
  return 'unique' in rule ? uniqueName(rule) : undefined;
}

async function uniqueResult(database: Database, rule: UniqueRule, table: JudgedTable): Promise<RuleResult> {
  const { severity, mostly, unique } = rule;
  const missing = unique.find((name) => table.columns[name] === undefined);
  if (missing !== undefined) throw misfit(missing, 'There is no such column.');
  const names = unique.map(column);
  const present = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const of = (relation: string) => `SELECT ${names.join(', ')} FROM ${relation} WHERE ${present}`;
  const beside = table.beside === undefined ? '' : ` UNION ALL (${of(table.beside)})`;
  const twice = `(SELECT ${names.join(', ')} FROM ((${of(table.rows)})${beside}) GROUP BY ALL HAVING count(*) > 1)`;
  const equal = `${present} AND (${names.join(', ')}) IN (FROM ${twice})`;
  const [found] = await database.rows(
    `SELECT count(*) FILTER (WHERE ${present}) AS checked, count(*) FILTER (WHERE ${equal}) AS broken FROM ${table.rows}`
  );
  const broken = Number(found!['broken']);
  const examples = broken === 0 ? [] : await table.examplesOf?.(equal);
  const shape = { name: uniqueName(rule), severity, ...(mostly === undefined ? {} : { mostly }) };
  return { ...resultOf(shape, Number(found!['checked']), broken), examples: examples ?? [] };
}
