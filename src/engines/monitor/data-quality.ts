/** Whether a window's inputs are such as the model was made for: the schema's rules and the learned dependencies. */
import type { ColumnType, SchemaDefinition, TableRule } from '../../domain/definition';
import type { DataQuality } from '../../domain/monitoring';
import type { RowRuleResult } from '../../domain/records';
import type { TableColumns } from '../tables/columns';
import { brokenDependencies, type LearnedDependencies } from '../tables/dependencies';
import type { Database } from '../tables/duckdb';
import { checkPatterns, judgeRows, resultOf } from '../tables/judge-rows';
import { columnRules } from '../tables/rules';
import { judgeTable } from '../tables/table-rules';

export interface JudgedInputs {
  /** A relation of the window's rows with the inputs' columns; `windowRelation` makes one. */
  readonly relation: string;
  readonly inputs: Readonly<Record<string, ColumnType>>;
  /** The same rows, for the dependencies. */
  readonly table: TableColumns;
}

/**
 * The window fails where a rule that isn't only for information does: a rule about rows by its `mostly`, else where the
 * share of rows that break it is above `maxBrokenShare`. Columns that aren't served (the label's, for example)
 * aren't checked.
 */
export async function dataQualityOf(
  database: Database,
  { relation, inputs, table }: JudgedInputs,
  schema: SchemaDefinition,
  learned: LearnedDependencies | undefined
): Promise<DataQuality> {
  const served = (name: string) => inputs[name] !== undefined;
  const columns = columnRules(
    schema.columns.filter(({ column }) => served(column)),
    inputs,
    'serving'
  );
  await checkPatterns(database, columns);
  const ofRows = [
    ...(await judgeRows(database, relation, columns)),
    ...dependenciesOf(table, learned, served).map(({ rule, severity, checked, broken }) =>
      resultOf({ name: rule, severity }, checked, broken)
    ),
  ];
  const ofTable = await judgeTable(
    database,
    schema.table.filter((rule) => columnsOf(rule).every(served)),
    {
      rows: relation,
      columns: Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, { type }])),
      environment: 'serving',
    }
  );
  const rules = [...ofRows.map((result) => limited(result, schema.maxBrokenShare)), ...ofTable];
  const failed = rules.some(({ severity, verdict }) => severity !== 'info' && verdict === 'failed');
  return { verdict: failed ? 'failed' : 'passed', rules };
}

function dependenciesOf(
  table: TableColumns,
  learned: LearnedDependencies | undefined,
  served: (name: string) => boolean
): ReturnType<typeof brokenDependencies> {
  const dependencies = (learned?.dependencies ?? []).filter(({ determinants, dependent }) =>
    [...determinants, dependent].every(served)
  );
  return table.rows === 0 ? [] : brokenDependencies({ v: 1, dependencies }, table);
}

function limited(result: RowRuleResult, limit: number): RowRuleResult & { readonly limit?: number } {
  if (result.mostly !== undefined || result.verdict === 'not judged') return result;
  return { ...result, verdict: result.broken / result.checked > limit ? 'failed' : 'passed', limit };
}

function columnsOf(rule: TableRule): readonly string[] {
  if ('unique' in rule) return rule.unique;
  return 'column' in rule && rule.column !== undefined ? [rule.column] : [];
}
