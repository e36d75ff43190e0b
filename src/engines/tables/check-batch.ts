/** What the schema says of a staged batch: each rule's count and first examples, and whether the batch is fit to be taken. */
import { MlopsError } from '../../domain/errors';
import { quoted } from '../../domain/quote';
import type { RuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import type { RowRule } from './rules';
import { FILE, ROW, text, UNPARSED } from './sql';
import { type Batch, REASON } from './stage';

export interface CheckedBatch {
  readonly accepted: number;
  readonly quarantined: number;
  readonly validation: readonly RuleResult[];
}

const EXAMPLES = 5;

/** @throws MlopsError MLOPS_QUARANTINE_TOO_LARGE, MLOPS_TOO_FEW_ROWS */
export async function checkBatch(database: Database, batch: Batch, rules: readonly RowRule[]): Promise<CheckedBatch> {
  const broken = rules.map((rule, i) => `count(*) FILTER (WHERE ${breaking(rule)}) AS r${i}`);
  const [counts] = await database.rows(
    `SELECT count(*) AS n, count(*) FILTER (WHERE "${REASON}" <> '') AS refused, ${broken.join(', ')} FROM staged`
  );
  const validation: RuleResult[] = [];
  for (const [i, rule] of rules.entries()) {
    const count = Number(counts![`r${i}`]);
    const examples = count === 0 ? [] : await examplesOf(database, batch, breaking(rule));
    validation.push({ rule: rule.name, severity: rule.severity, broken: count, examples });
  }
  validation.push(...(await unparsed(database, batch)));
  const quarantined = Number(counts!['refused']);
  const rows = Number(counts!['n']);
  await refuseIfUnfit(database, batch, { rows, quarantined, validation });
  return { accepted: rows - quarantined, quarantined, validation };
}

/** A row that can't be read breaks no rule: what it says is unknown. */
function breaking({ broken }: RowRule): string {
  return `"${UNPARSED}" IS NULL AND (${broken})`;
}

/** The rows that can't be read, as if each reason were a rule. */
async function unparsed(database: Database, batch: Batch): Promise<readonly RuleResult[]> {
  const reasons = `SELECT unnest(string_split("${REASON}", '; ')) AS reason FROM staged WHERE "${UNPARSED}" IS NOT NULL`;
  const found = await database.rows(
    `SELECT reason, count(*) AS n FROM (${reasons}) GROUP BY reason ORDER BY n DESC, reason`
  );
  const results: RuleResult[] = [];
  for (const { reason, n } of found) {
    const rule = reason as string;
    const examples = await examplesOf(database, batch, becauseOf(rule));
    results.push({ rule, severity: 'block', broken: Number(n), examples });
  }
  return results;
}

async function examplesOf(database: Database, { files }: Batch, rows: string): Promise<readonly string[]> {
  const paths = new Map(files.map(({ digest, path }) => [digest as string, path]));
  const found = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM staged WHERE ${rows}
     ORDER BY "${FILE}", "${ROW}" LIMIT ${EXAMPLES}`
  );
  return found.map(({ file, row }) => `${paths.get(file as string)}:${String(row)}`);
}

interface Counted {
  readonly rows: number;
  readonly quarantined: number;
  readonly validation: readonly RuleResult[];
}

async function refuseIfUnfit(
  database: Database,
  { schema, files, after, asOf }: Batch,
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
      `SELECT "${UNPARSED}" AS found FROM staged WHERE ${becauseOf(worst.rule)} ORDER BY "${FILE}", "${ROW}" LIMIT 1`
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
