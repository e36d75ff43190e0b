/** Whether a window's inputs are such as the model was made for: the schema's rules and the learned dependencies. */
import type { ColumnType, SchemaDefinition, TableRule } from '../../domain/definition';
import type { DataQuality } from '../../domain/monitoring';
import type { RowRuleResult } from '../../domain/records';
import type { LearnedDependencies } from '../tables/dependencies';
import { dependenciesLearned } from '../tables/dependency-rules';
import type { Database } from '../tables/duckdb';
import { checkPatterns, judgeRows } from '../tables/judge-rows';
import { columnRules } from '../tables/rules';
import { judgeTable } from '../tables/table-rules';

export interface JudgedInputs {
  /** A relation of the window's rows with the inputs' columns; `windowRelation` makes one. */
  readonly relation: string;
  readonly inputs: Readonly<Record<string, ColumnType>>;
}

/**
 * The window fails where a rule that isn't only for information does: a rule about rows by its `mostly`, else where the
 * share of rows that break it is above `maxBrokenShare`. Columns that aren't served (the label's, for example)
 * aren't checked.
 */
export async function dataQualityOf(
  database: Database,
  { relation, inputs }: JudgedInputs,
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
  const held = (learned?.dependencies ?? []).filter((rule) => [...rule.determinants, rule.dependent].every(served));
  const dependencies = await dependenciesLearned(database, held, inputs);
  const ofRows = await judgeRows(database, relation, [...columns, ...dependencies]);
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

function limited(result: RowRuleResult, limit: number): RowRuleResult & { readonly limit?: number } {
  if (result.mostly !== undefined || result.verdict === 'not judged') return result;
  return { ...result, verdict: result.broken / result.checked > limit ? 'failed' : 'passed', limit };
}

function columnsOf(rule: TableRule): readonly string[] {
  if ('unique' in rule) return rule.unique;
  return 'column' in rule && rule.column !== undefined ? [rule.column] : [];
}
