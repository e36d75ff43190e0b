/** Rows counted by the rules that they break: one pass for all rules. */
import type { RowRuleResult } from '../../domain/records';
import { wilson } from '../../domain/wilson';
import { type Database, messageOf } from './duckdb';
import { misfit, type RowRule } from './rules';
import { quoted } from '../../domain/quote';
import { FILE, ROW, text } from './sql';

/**
 * @param rows a relation; @param where SQL: the rows that can be judged
 * @returns in the order of the rules, without examples
 */
export async function judgeRows(
  database: Database,
  rows: string,
  rules: readonly RowRule[],
  where = 'true'
): Promise<readonly RowRuleResult[]> {
  if (rules.length === 0) return [];
  const counts = rules.map(({ broken }, i) => `count(${broken}) AS c${i}, count(*) FILTER (WHERE ${broken}) AS b${i}`);
  const [counted] = await database.rows(`SELECT ${counts.join(', ')} FROM ${rows} WHERE ${where}`);
  return rules.map((rule, i) => resultOf(rule, Number(counted![`c${i}`]), Number(counted![`b${i}`])));
}

/** As `judgeRows`, each broken rule with its first examples. */
export async function judgedWithExamples(
  database: Database,
  rules: readonly RowRule[],
  rows: string,
  where = 'true'
): Promise<readonly RowRuleResult[]> {
  const results = await judgeRows(database, rows, rules, where);
  const shown: RowRuleResult[] = [];
  for (const [i, result] of results.entries()) {
    const condition = `${where} AND (${rules[i]!.broken})`;
    shown.push(result.broken === 0 ? result : { ...result, examples: await examplesOf(database, rows, condition) });
  }
  return shown;
}

const EXAMPLES = 5;

/** The first rows of a relation that a condition holds for, as `file:row`. */
export async function examplesOf(database: Database, relation: string, condition: string): Promise<readonly string[]> {
  const found = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM ${relation} WHERE ${condition}
     ORDER BY "${FILE}", "${ROW}" LIMIT ${EXAMPLES}`
  );
  return found.map(({ file, row }) => `${String(file)}:${String(row)}`);
}

export function resultOf(
  { name, severity, mostly }: Pick<RowRule, 'name' | 'severity' | 'mostly'>,
  checked: number,
  broken: number
): RowRuleResult {
  const kept = checked === 0 ? undefined : wilson(checked - broken, checked);
  const failed = mostly === undefined ? broken > 0 : kept !== undefined && kept.share < mostly;
  return {
    rule: name,
    severity,
    verdict: checked === 0 ? 'not judged' : failed ? 'failed' : 'passed',
    checked,
    broken,
    ...(kept === undefined ? {} : { kept }),
    ...(mostly === undefined ? {} : { mostly }),
    examples: [],
  };
}

/**
 * Before they are used: else the rows would seem to be at fault.
 * @throws MlopsError MLOPS_DEFINITION_INVALID: a pattern that RE2 can't read
 */
export async function checkPatterns(database: Database, rules: readonly RowRule[]): Promise<void> {
  for (const { name, pattern } of rules) {
    if (pattern === undefined) continue;
    await database.rows(`SELECT regexp_matches('', ${text(pattern)})`).catch((error: unknown) => {
      throw misfit(name, `RE2 can't read the pattern: ${quoted(messageOf(error))}`);
    });
  }
}
