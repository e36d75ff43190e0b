/** What the schema says of a batch: each rule's figures and first examples, and whether the batch is fit to be taken. */
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../../domain/definition';
import { MlopsError, type Where } from '../../domain/errors';
import { quoted } from '../../domain/quote';
import type { RowRuleResult, RuleResult } from '../../domain/records';
import { dependenciesOfRows } from './dependency-rules';
import type { Database } from './duckdb';
import { judgeRows, resultOf } from './judge-rows';
import { judgeBesideParent } from './parent-rules';
import { newInBatch } from './new-in-batch';
import type { RowRule } from './rules';
import { FILE, ROW, text, UNPARSED } from './sql';
import { REASON, type SourceFile } from './stage';
import { judgeTable } from './table-rules';

export interface CheckedBatch {
  readonly rows: number;
  readonly quarantined: number;
  /** Why, by rule; a row may break several. */
  readonly reasons: readonly { readonly rule: string; readonly rows: number }[];
  readonly validation: readonly RuleResult[];
}

export interface ToCheck {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly files: readonly Pick<SourceFile, 'path'>[];
  readonly after: string | null;
  readonly asOf: string;
  /** A relation of the parent's rows that stay, with the declared columns and `__known_at`. */
  readonly before?: string;
  /** Columns of the batch's files that nothing declares, and those of the files before. */
  readonly undeclared: readonly string[];
  readonly undeclaredBefore?: readonly string[];
}

const EXAMPLES = 5;
const ROWS = `(SELECT *, NULL::VARCHAR AS "${UNPARSED}", '' AS "${REASON}" FROM accepted UNION ALL BY NAME FROM refused)`;
/** A row that can't be read breaks no rule: what it says is unknown. */
const READABLE = `"${UNPARSED}" IS NULL`;

/**
 * Of the tables `accepted` and `refused`: the rows that the batch adds, and those that it puts aside.
 * @throws MlopsError MLOPS_QUARANTINE_TOO_LARGE, MLOPS_TOO_FEW_ROWS, MLOPS_EXPECTATION_FAILED, MLOPS_DEFINITION_INVALID
 */
export async function checkBatch(database: Database, batch: ToCheck, rules: readonly RowRule[]): Promise<CheckedBatch> {
  const [counts] = await database.rows(
    `SELECT count(*) AS n, count(*) FILTER (WHERE "${REASON}" <> '') AS refused FROM ${ROWS}`
  );
  const rows = Number(counts!['n']);
  const quarantined = Number(counts!['refused']);
  const ofRows = await judgedRows(database, rules, ROWS, READABLE);
  const unread = await unparsed(database, rows);
  const ofDependencies = await dependencyResults(database, batch);
  const ofTable = await tableResults(database, batch, rows > 0 || batch.after === null);
  const aside = [...ofRows.filter((_, i) => rules[i]!.quarantines), ...unread].filter(({ broken }) => broken > 0);
  const ofNew = await newInBatch(database, { ...batch, ...(rows > 0 ? { rows: 'accepted' } : {}) });
  const validation = [...ofRows, ...unread, ...ofDependencies, ...ofNew, ...ofTable];
  await refuseIfUnfit(database, batch, { rows, quarantined, aside });
  refuseIfBroken(batch, [...ofRows.filter((_, i) => !rules[i]!.quarantines), ...ofDependencies, ...ofNew, ...ofTable]);
  return { rows, quarantined, reasons: aside.map(({ rule, broken }) => ({ rule, rows: broken })), validation };
}

/** A batch without any row is not the less for it: only how new the newest row is still counts. */
async function tableResults(database: Database, batch: ToCheck, some: boolean): Promise<readonly RuleResult[]> {
  const { source, schema, asOf, before } = batch;
  const parent = before === undefined ? {} : { before };
  const own = some ? { rows: 'accepted' } : {};
  const beside = await judgeBesideParent(database, schema.table, {
    types: columnTypes(source),
    asOf,
    ...own,
    ...parent,
  });
  if (!some) return beside;
  const whole = await judgeTable(database, schema.table, {
    rows: 'accepted',
    columns: source.columns,
    environment: 'training',
    ...(before === undefined ? {} : { beside: before }),
    examplesOf: (condition) => examplesOf(database, 'accepted', condition),
  });
  return [...whole, ...beside];
}

/** Of the rows that the batch adds, by what the rows beside them taught. */
async function dependencyResults(database: Database, { schema, before }: ToCheck): Promise<readonly RowRuleResult[]> {
  return judgedRows(database, await dependenciesOfRows(database, schema.dependencies, before), 'accepted');
}

async function judgedRows(
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

/** The rows that can't be read, as if each reason were a rule. */
async function unparsed(database: Database, rows: number): Promise<readonly RowRuleResult[]> {
  const reasons = `SELECT unnest(string_split("${REASON}", '; ')) AS reason FROM ${ROWS} WHERE "${UNPARSED}" IS NOT NULL`;
  const found = await database.rows(
    `SELECT reason, count(*) AS n FROM (${reasons}) GROUP BY reason ORDER BY n DESC, reason`
  );
  const results: RowRuleResult[] = [];
  for (const { reason, n } of found) {
    const name = reason as string;
    const examples = await examplesOf(database, ROWS, becauseOf(name));
    results.push({ ...resultOf({ name, severity: 'block' }, rows, Number(n)), examples });
  }
  return results;
}

async function examplesOf(database: Database, relation: string, condition: string): Promise<readonly string[]> {
  const found = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM ${relation} WHERE ${condition}
     ORDER BY "${FILE}", "${ROW}" LIMIT ${EXAMPLES}`
  );
  return found.map(({ file, row }) => `${String(file)}:${String(row)}`);
}

interface Counted {
  readonly rows: number;
  readonly quarantined: number;
  /** Rules that put rows aside. */
  readonly aside: readonly RowRuleResult[];
}

async function refuseIfUnfit(database: Database, batch: ToCheck, { rows, quarantined, aside }: Counted): Promise<void> {
  const { schema, after } = batch;
  if (rows > 0 && quarantined / rows > schema.maxQuarantinedShare) {
    const worst = aside.reduce((a, b) => (b.broken > a.broken ? b : a));
    const [first] = await database.rows(
      `SELECT "${UNPARSED}" AS found FROM ${ROWS} WHERE ${becauseOf(worst.rule)} ORDER BY "${FILE}", "${ROW}" LIMIT 1`
    );
    throw new MlopsError(
      'MLOPS_QUARANTINE_TOO_LARGE',
      `${quarantined} of ${rows} rows break a blocking rule or can't be read, more than the share of ${schema.maxQuarantinedShare}.`,
      {
        ...whereOf(batch),
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
  throw new MlopsError('MLOPS_TOO_FEW_ROWS', what, whereOf(batch), 'Wait for more rows, or lower minRows.');
}

/** A rule that puts no row aside refuses the batch as a whole. */
export function refuseIfBroken(batch: Pick<ToCheck, 'files' | 'after' | 'asOf'>, results: readonly RuleResult[]): void {
  const failed = results.filter(({ severity, verdict }) => severity === 'block' && verdict === 'failed');
  const [first] = failed;
  if (first === undefined) return;
  const more = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`;
  const what = `The batch breaks the blocking rule \`${first.rule}\`${more}: ${figuresOf(first)}.`;
  const where = { ...whereOf(batch), rule: first.rule, row: 'examples' in first ? first.examples[0] : undefined };
  throw new MlopsError('MLOPS_EXPECTATION_FAILED', what, where, 'Fix the source, or the rule in the schema.');
}

function figuresOf(result: RuleResult): string {
  if ('found' in result && result.found !== undefined)
    return `it has ${result.observed}, such as ${quoted(result.found.join(', '))}`;
  if (!('checked' in result)) return result.observed === undefined ? 'it is not' : `it is ${result.observed}`;
  const { checked, broken, mostly } = result;
  const share = mostly === undefined ? '' : `; a share of ${mostly} must keep it`;
  return `${broken} of ${checked} rows break it${share}`;
}

function whereOf({ files, after, asOf }: Pick<ToCheck, 'files' | 'after' | 'asOf'>): Where {
  return { file: files.map(({ path }) => path).join(' '), after: after ?? undefined, asOf };
}

/** Rows that can't be read for that reason, among others. */
function becauseOf(reason: string): string {
  return `"${UNPARSED}" IS NOT NULL AND list_contains(string_split("${REASON}", '; '), ${text(reason)})`;
}
