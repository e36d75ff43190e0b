/** The batch's rows, read from their files into the table `staged`, with the reason for which a row is refused. */
import type { SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Database } from './duckdb';
import type { FileToRead } from './ingest-plan';
import { isMoment, knownAtOf } from './known-at';
import { isoOf } from './moments';
import { digestOfFile } from './observe';
import { readFrom } from './reading/readable-file';
import { refusalOf } from './reading/refusal';
import { type FileFormat, relationOf } from './reading/relation';
import { unparsedReason } from './reading/unparsed';
import { contentOrUnparsed, declaredKey } from './row-key';
import { distinctNames, undeclaredOf } from './new-in-batch';
import { type RowRule, reasonOf } from './rules';
import { column, CONTENT, FILE, KEY, KNOWN_AT, moment, ROW, text, UNPARSED } from './sql';

/** `local` is where this machine finds the file. */
export interface SourceFile extends FileToRead {
  readonly local: string;
}

export interface Batch {
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  readonly format: FileFormat;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  /** ISO-8601 */
  readonly asOf: string;
}

export interface Placing {
  /** By what the good rows lie in the table, before the others; none: all as they are read. */
  readonly order: readonly string[];
  /** What the database may take, in bytes. */
  readonly memory: number;
}

/** At most so many times a file's bytes its rows take in memory, on the whole: dictionaries and packing make Parquet small. */
const UNPACKED: Readonly<Record<FileFormat, number>> = { csv: 6, jsonl: 6, parquet: 64 };

/** Names of the broken blocking rules; '' in a good row, NULL in one that isn't known yet. */
export const REASON = '__reason';
/** From when on a row counts: known-at; without one, event time; without either, always (NULL). */
const SINCE = '__since';

export interface StagedFile {
  /** Rows that the parent did not read before. */
  readonly further: number;
  readonly quarantined: number;
  readonly notYetKnown: number;
  readonly nextKnownAt?: string;
}

export interface Staged {
  /** By path. */
  readonly files: ReadonlyMap<string, StagedFile>;
  /** Rows that are known and not quarantined. */
  readonly good: number;
  /** Columns of the files that nothing declares. */
  readonly undeclared: readonly string[];
}

/**
 * Reads files into the table `staged`: the declared columns, `__unparsed`, `__file`, `__row`, `__known_at`, `__reason`, `__key` and `__content`
 * (NULL where it is the key: where none is declared, that of equal rows is one and the same).
 * @throws MlopsError as `ingest`, about a file or a column
 */
export async function stage(
  database: Database,
  batch: Batch,
  rules: readonly RowRule[],
  folder: string,
  { order, memory }: Placing
): Promise<Staged> {
  const { source, files, asOf } = batch;
  await database.run(`CREATE TYPE files AS ENUM (${files.map((file) => text(file.path)).join(', ')})`);
  const names = Object.keys(source.columns).map(column).join(', ');
  const known = `("${SINCE}" IS NULL OR "${SINCE}" <= ${moment(asOf)})`;
  const content = contentOrUnparsed(source);
  const made = [
    [reasonOf(rules, unparsedReason(source.columns)), REASON],
    ...(source.key === undefined
      ? [[content, KEY] as const]
      : [[declaredKey(source, source.key), KEY] as const, [content, CONTENT] as const]),
  ] as const;
  const by = [
    `("${REASON}" = '') DESC NULLS LAST`,
    ...order.filter((each) => files.length > 1 || each !== `"${FILE}"`),
  ];
  const inOrder = order.length === 0 ? '' : ` ORDER BY ${by.join(', ')}`;
  // Behind the order: what is empty needn't be sorted along.
  const placed = (rows: string) =>
    `SELECT *${source.key === undefined ? `, NULL::UUID AS "${CONTENT}"` : ''} FROM (${rows}${inOrder})`;
  const ofKnown = made.map(([expression, name]) => `CASE WHEN ${known} THEN ${expression} END AS "${name}"`);
  const undeclared = new Set<string>();
  // Put in order while they are read, if all are of one file and fit in memory beside its reader; else in a second step.
  let apart = order.length > 0 && !(files.length === 1 && files[0]!.bytes * UNPACKED[batch.format] < memory);
  for (const [i, file] of files.entries()) {
    await readingOf(file, folder, async () => {
      const { rows: relation, names: inFile } = await relationOf(database, file.local, {
        format: batch.format,
        source,
        folder,
      });
      for (const name of undeclaredOf(source, inFile)) undeclared.add(name);
      const timed = `SELECT ${names}, ${text(file.path)}::files AS "${FILE}", "${ROW}", "${UNPARSED}",
        ${knownAtOf(source)} AS "${KNOWN_AT}" FROM (${relation})`;
      const since = `SELECT * REPLACE (${ifMoment(`"${KNOWN_AT}"`)} AS "${KNOWN_AT}"), ${sinceOf(source)} AS "${SINCE}" FROM (${timed})`;
      const rows = `SELECT *, ${ofKnown.join(', ')} FROM (${since}) WHERE ${isRead(file)}`;
      const direct = !apart && (await fits(order.length > 0, () => database.run(into('staged', i, placed(rows)))));
      if (direct) return;
      apart = true;
      await database.run(into('read', i, rows));
    });
  }
  if (apart) {
    await database.run(`CREATE TABLE staged AS ${placed('FROM read')}`);
    await database.run('DROP TABLE read');
  }
  return { ...(await countedBy(database, files)), undeclared: distinctNames([...undeclared]) };
}

function into(table: string, i: number, rows: string): string {
  return i === 0 ? `CREATE TABLE ${table} AS ${rows}` : `INSERT INTO ${table} ${rows}`;
}

/** False where memory was too small for it, if there is another way. */
async function fits(otherwise: boolean, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (otherwise && error instanceof MlopsError && error.code === 'MLOPS_OUT_OF_MEMORY') return false;
    throw error;
  }
}

function sinceOf({ eventTime }: SourceDefinition): string {
  const known = ifMoment(`"${KNOWN_AT}"`);
  return eventTime === undefined ? known : `coalesce(${known}, ${ifMoment(column(eventTime))})`;
}

/** A moment that nobody can mean says nothing. */
function ifMoment(time: string): string {
  return `CASE WHEN ${isMoment(time)} THEN ${time} END`;
}

/** Of a row: the parent did not read it, or did so before it was known. */
function isRead({ from, after }: FileToRead): string {
  if (from === 0) return 'true';
  const further = `"${ROW}" >= ${from}`;
  return after === null ? further : `(${further} OR "${SINCE}" > ${moment(after)})`;
}

async function countedBy(database: Database, files: readonly FileToRead[]): Promise<Pick<Staged, 'files' | 'good'>> {
  const begun = files.filter(({ from }) => from > 0);
  const first = begun.map((file) => `WHEN ${text(file.path)} THEN ${file.from}`);
  const from = begun.length === 0 ? '0' : `CASE "${FILE}" ${first.join(' ')} ELSE 0 END`;
  const counts = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, count(*) FILTER (WHERE "${ROW}" >= ${from}) AS further, count(*) FILTER (WHERE "${REASON}" = '') AS good, count(*) FILTER (WHERE "${REASON}" <> '') AS quarantined,
       count(*) FILTER (WHERE "${REASON}" IS NULL) AS later,
       epoch_us(min("${SINCE}") FILTER (WHERE "${REASON}" IS NULL)) AS next
     FROM staged GROUP BY ALL`
  );
  const counted = new Map(
    counts.map(({ file, further, quarantined, later, next }): [string, StagedFile] => [
      file as string,
      {
        further: Number(further),
        quarantined: Number(quarantined),
        notYetKnown: Number(later),
        ...(next === null ? {} : { nextKnownAt: isoOf(next as bigint) }),
      },
    ])
  );
  return { files: counted, good: counts.reduce((sum, { good }) => sum + Number(good), 0) };
}

/** Says of what goes wrong whether the file changed, or what of it is broken. */
async function readingOf(file: SourceFile, folder: string, read: () => Promise<void>): Promise<void> {
  let failure: unknown;
  await read().catch((error: unknown) => {
    failure = error;
  });
  // After reading, not before: what was read is what was observed.
  if ((await digestOfFile(file.local)) !== file.digest) {
    const where = { file: file.local, observed: file.digest };
    const what = 'The file is not the one that was observed.';
    throw new MlopsError('MLOPS_SOURCE_CHANGED', what, where, 'Leave files alone while they are read; trigger again.');
  }
  if (failure === undefined) return;
  throw await refusalOf(file.local, failure, readFrom(file.local, folder));
}
