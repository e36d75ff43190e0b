/** What the schema says of a staged batch: each rule's count and first examples, and whether the batch is fit to be taken. */
import { MlopsError } from '../../domain/errors';
import type { RuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import type { RowRule } from './rules';
import { FILE, ROW } from './sql';
import { type Batch, REASON } from './stage';

export interface CheckedBatch {
  readonly accepted: number;
  readonly quarantined: number;
  readonly validation: readonly RuleResult[];
}

const EXAMPLES = 5;

/** @throws MlopsError MLOPS_QUARANTINE_TOO_LARGE, MLOPS_TOO_FEW_ROWS */
export async function checkBatch(database: Database, batch: Batch, rules: readonly RowRule[]): Promise<CheckedBatch> {
  const broken = rules.map(({ broken: condition }, i) => `count(*) FILTER (WHERE ${condition}) AS r${i}`);
  const [counts] = await database.rows(
    `SELECT count(*) AS n, count(*) FILTER (WHERE "${REASON}" <> '') AS refused, ${broken.join(', ')} FROM staged`
  );
  const validation: RuleResult[] = [];
  for (const [i, rule] of rules.entries()) {
    const count = Number(counts![`r${i}`]);
    const examples = count === 0 ? [] : await examplesOf(database, batch, rule);
    validation.push({ rule: rule.name, severity: rule.severity, broken: count, examples });
  }
  const quarantined = Number(counts!['refused']);
  const rows = Number(counts!['n']);
  refuseIfUnfit(batch, rows, quarantined, validation);
  return { accepted: rows - quarantined, quarantined, validation };
}

async function examplesOf(database: Database, { files }: Batch, { broken }: RowRule): Promise<readonly string[]> {
  const paths = new Map(files.map(({ digest, path }) => [digest as string, path]));
  const rows = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM staged WHERE ${broken}
     ORDER BY "${FILE}", "${ROW}" LIMIT ${EXAMPLES}`
  );
  return rows.map(({ file, row }) => `${paths.get(file as string)}:${String(row)}`);
}

function refuseIfUnfit(
  { schema, files, after, asOf }: Batch,
  rows: number,
  quarantined: number,
  validation: readonly RuleResult[]
): void {
  const where = { file: files.map(({ path }) => path).join(' '), after: after ?? undefined, asOf };
  if (rows > 0 && quarantined / rows > schema.maxQuarantinedShare) {
    const worst = validation.reduce((a, b) => (b.severity === 'block' && b.broken > a.broken ? b : a), {
      rule: '',
      broken: 0,
      examples: [],
    } as Pick<RuleResult, 'rule' | 'broken' | 'examples'>);
    throw new MlopsError(
      'MLOPS_QUARANTINE_TOO_LARGE',
      `${quarantined} of ${rows} rows break a blocking rule, more than the share of ${schema.maxQuarantinedShare}.`,
      { ...where, rule: worst.rule, broken: worst.broken, row: worst.examples[0] },
      'Fix the source, or the rule.'
    );
  }
  const accepted = rows - quarantined;
  const nothingNew = rows === 0 && after !== null;
  if (nothingNew || accepted >= schema.minRows) return;
  const what = `The batch has ${accepted} rows, fewer than the ${schema.minRows} that the schema asks for.`;
  throw new MlopsError('MLOPS_TOO_FEW_ROWS', what, where, 'Wait for more rows, or lower minRows.');
}
