/** What the schema says of a batch: each rule's figures and first examples, and whether the batch is fit to be taken. */
import type { SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { MlopsError, type Where } from '../../domain/errors';
import { quoted } from '../../domain/quote';
import type { RowRuleResult, RuleResult, TableRuleResult } from '../../domain/records';
import type { Database } from './duckdb';
import type { Earlier } from './earlier';
import { judgeBesideEarlier } from './earlier-rules';
import { examplesOf, judgedWithExamples, resultOf } from './judge-rows';
import { type BesideKnown, newInBatch } from './new-in-batch';
import { newNames } from './reading/source-limits';
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
  /** Those of them that a batch without any row is judged by, too. */
  readonly ofSnapshot: readonly RuleResult[];
}

export interface ToCheck {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly files: readonly Pick<SourceFile, 'path'>[];
  readonly after: string | null;
  readonly asOf: string;
  /** Rows of the files that are known after asOf. */
  readonly notYetKnown: number;
  /** A relation of the parent's rows that stay, with the declared columns and `__known_at`. */
  readonly staying?: string;
  readonly earlier: Earlier;
  /** What may be new in the snapshot, and what is known; where its rows are the batch's alone, they are in `accepted`. */
  readonly beside: Pick<BesideKnown, 'undeclared' | 'known' | 'rows'>;
}

const ROWS = `(SELECT *, NULL::VARCHAR AS "${UNPARSED}", '' AS "${REASON}" FROM accepted UNION ALL BY NAME FROM refused)`;
/** A row that can't be read breaks no rule: what it says is unknown. */
const READABLE = `"${UNPARSED}" IS NULL`;

/**
 * Reads the tables `accepted` and `refused`: the rows that the batch adds, and those that it puts aside.
 * @throws MlopsError MLOPS_QUARANTINE_TOO_LARGE, MLOPS_TOO_FEW_ROWS, MLOPS_EXPECTATION_FAILED, MLOPS_TOO_MUCH_NEW, MLOPS_DEFINITION_INVALID
 */
export async function checkBatch(database: Database, batch: ToCheck, rules: readonly RowRule[]): Promise<CheckedBatch> {
  const [counts] = await database.rows(
    `SELECT count(*) AS n, count(*) FILTER (WHERE "${REASON}" <> '') AS refused FROM ${ROWS}`
  );
  const rows = Number(counts!['n']);
  const quarantined = Number(counts!['refused']);
  const ofRows = await judgedWithExamples(database, rules, ROWS, READABLE);
  const unread = await unparsed(database, rows);
  const some = rows > 0 || batch.after === null;
  const ofTable = some ? await figures(database, batch) : [];
  const ofEarlier = await besideEarlier(database, batch, some);
  const aside = [...ofRows.filter((_, i) => rules[i]!.quarantines), ...unread].filter(({ broken }) => broken > 0);
  const { source, schema, beside } = batch;
  const ofNew = await newInBatch(database, { source, schema, ...(rows > 0 ? { rows: 'accepted' } : {}), ...beside });
  const ofSnapshot = [...ofNew, ...ofEarlier];
  const validation = [...ofRows, ...unread, ...ofTable, ...ofSnapshot];
  await refuseIfUnfit(database, batch, { rows, quarantined, aside });
  refuseIfBroken(batch, [...ofRows.filter((_, i) => !rules[i]!.quarantines), ...ofTable, ...ofSnapshot]);
  refuseTooMuchNew(batch, ofNew);
  const reasons = aside.map(({ rule, broken }) => ({ rule, rows: broken }));
  return { rows, quarantined, reasons, validation, ofSnapshot };
}

/** Of the rows that the batch adds. */
function figures(database: Database, { source, schema }: ToCheck): Promise<readonly RuleResult[]> {
  const rules = schema.table.filter((rule) => 'measure' in rule);
  return judgeTable(database, rules, { rows: 'accepted', columns: source.columns, environment: 'training' });
}

function besideEarlier(
  database: Database,
  { source, schema, asOf, earlier, staying }: ToCheck,
  some: boolean
): Promise<readonly RuleResult[]> {
  const all = [...(some ? ['accepted'] : []), ...(staying === undefined ? [] : [staying])];
  return judgeBesideEarlier(database, { source, schema, asOf, earlier, all });
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
  const later = batch.notYetKnown === 0 ? undefined : batch.notYetKnown;
  const fix =
    later === undefined ? 'Wait for more rows, or lower minRows.' : 'Ask as of a later moment, or lower minRows.';
  throw new MlopsError('MLOPS_TOO_FEW_ROWS', what, { ...whereOf(batch), knownAfterAsOf: later }, fix);
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

/** People are asked about what they can read. */
export function refuseTooMuchNew(
  batch: Pick<ToCheck, 'files' | 'after' | 'asOf'>,
  results: readonly TableRuleResult[]
): void {
  const asking = results.filter(({ asks }) => asks !== undefined);
  const found = asking.reduce((sum, { observed = 0 }) => sum + observed, 0);
  const limit = newNames();
  if (found <= limit) return;
  const what = 'The batch has more new columns and categories than approvers may be asked about.';
  const where = { ...whereOf(batch), rules: asking.map(({ rule }) => rule).join(', '), found, limit };
  const fix = "Look at the file, set the policy to report or ignore, or raise the worker's limit newNames.";
  throw new MlopsError('MLOPS_TOO_MUCH_NEW', what, where, fix);
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
