/** What the schema says of a batch's rows: each rule's count and first examples, and whether the batch is fit to be taken. */
import type { SchemaDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { quoted } from '../../domain/quote';
import type { RuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import type { RowRule } from './rules';
import { FILE, ROW, text, UNPARSED } from './sql';
import { REASON, type SourceFile } from './stage';

export interface CheckedBatch {
  readonly rows: number;
  readonly quarantined: number;
  readonly validation: readonly RuleResult[];
}

export interface ToCheck {
  readonly schema: SchemaDefinition;
  readonly files: readonly Pick<SourceFile, 'path'>[];
  readonly after: string | null;
  readonly asOf: string;
}

const EXAMPLES = 5;
const ROWS = `(SELECT *, NULL::VARCHAR AS "${UNPARSED}", '' AS "${REASON}" FROM accepted UNION ALL BY NAME FROM refused)`;

/**
 * Of the tables `accepted` and `refused`: the rows that the batch adds, and those that it puts aside.
 * @throws MlopsError MLOPS_QUARANTINE_TOO_LARGE, MLOPS_TOO_FEW_ROWS
 */
export async function checkBatch(database: Database, batch: ToCheck, rules: readonly RowRule[]): Promise<CheckedBatch> {
  const broken = rules.map((rule, i) => `count(*) FILTER (WHERE ${breaking(rule)}) AS r${i}`);
  const [counts] = await database.rows(
    `SELECT count(*) AS n, count(*) FILTER (WHERE "${REASON}" <> '') AS refused, ${broken.join(', ')} FROM ${ROWS}`
  );
  const validation: RuleResult[] = [];
  for (const [i, rule] of rules.entries()) {
    const count = Number(counts![`r${i}`]);
    const examples = count === 0 ? [] : await examplesOf(database, breaking(rule));
    validation.push({ rule: rule.name, severity: rule.severity, broken: count, examples });
  }
  validation.push(...(await unparsed(database)));
  const quarantined = Number(counts!['refused']);
  const rows = Number(counts!['n']);
  await refuseIfUnfit(database, batch, { rows, quarantined, validation });
  return { rows, quarantined, validation };
}

/** A row that can't be read breaks no rule: what it says is unknown. */
function breaking({ broken }: RowRule): string {
  return `"${UNPARSED}" IS NULL AND (${broken})`;
}

/** The rows that can't be read, as if each reason were a rule. */
async function unparsed(database: Database): Promise<readonly RuleResult[]> {
  const reasons = `SELECT unnest(string_split("${REASON}", '; ')) AS reason FROM ${ROWS} WHERE "${UNPARSED}" IS NOT NULL`;
  const found = await database.rows(
    `SELECT reason, count(*) AS n FROM (${reasons}) GROUP BY reason ORDER BY n DESC, reason`
  );
  const results: RuleResult[] = [];
  for (const { reason, n } of found) {
    const rule = reason as string;
    const examples = await examplesOf(database, becauseOf(rule));
    results.push({ rule, severity: 'block', broken: Number(n), examples });
  }
  return results;
}

async function examplesOf(database: Database, condition: string): Promise<readonly string[]> {
  const found = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM ${ROWS} WHERE ${condition}
     ORDER BY "${FILE}", "${ROW}" LIMIT ${EXAMPLES}`
  );
  return found.map(({ file, row }) => `${String(file)}:${String(row)}`);
}

interface Counted {
  readonly rows: number;
  readonly quarantined: number;
  readonly validation: readonly RuleResult[];
}

async function refuseIfUnfit(
  database: Database,
  { schema, files, after, asOf }: ToCheck,
  { rows, quarantined, validation }: Counted
): Promise<void> {
  const where = { file: files.map(({ path }) => path).join(' '), after: after ?? undefined, asOf };
  if (rows > 0 && quarantined / rows > schema.maxQuarantinedShare) {
    const worst = validation.reduce((a, b) => (b.severity === 'block' && b.broken > a.broken ? b : a), {
      rule: '',
      broken: 0,
      examples: [],
    } as Pick<RuleResult, 'rule' | 'broken' | 'examples'>);
    const [first] = await database.rows(
      `SELECT "${UNPARSED}" AS found FROM ${ROWS} WHERE ${becauseOf(worst.rule)} ORDER BY "${FILE}", "${ROW}" LIMIT 1`
    );
    throw new MlopsError(
      'MLOPS_QUARANTINE_TOO_LARGE',
      `${quarantined} of ${rows} rows break a blocking rule or can't be read, more than the share of ${schema.maxQuarantinedShare}.`,
      {
        ...where,
        rule: worst.rule,
        broken: worst.broken,
        row: worst.examples[0],
        found: first === undefined ? undefined : quoted(first['found'] as string),
      },
      'Fix the source, or what the definition says of it.'
    );
  }
  const accepted = rows - quarantined;
  const nothingNew = rows === 0 && after !== null;
  if (nothingNew || accepted >= schema.minRows) return;
  const what = `The batch has ${accepted} rows, fewer than the ${schema.minRows} that the schema asks for.`;
  throw new MlopsError('MLOPS_TOO_FEW_ROWS', what, where, 'Wait for more rows, or lower minRows.');
}

/** Rows that can't be read for that reason, among others. */
function becauseOf(reason: string): string {
  return `"${UNPARSED}" IS NOT NULL AND list_contains(string_split("${REASON}", '; '), ${text(reason)})`;
}
