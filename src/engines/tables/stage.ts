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

/** Names of the broken blocking rules; '' in a good row, NULL in one that isn't known yet. */
export const REASON = '__reason';
/** From when on a row counts: known-at; without one, event time; without either, always (NULL). */
const SINCE = '__since';

export interface StagedFile {
  /** Rows that were read. */
  readonly rows: number;
  readonly quarantined: number;
  readonly notYetKnown: number;
  readonly nextKnownAt?: string;
}

export interface Staged {
  /** By path. */
  readonly files: ReadonlyMap<string, StagedFile>;
  /** Columns of the files that nothing declares. */
  readonly undeclared: readonly string[];
}

/**
 * Reads files into the table `staged`: the declared columns, `__unparsed`, `__file`, `__row`, `__known_at`, `__reason`,
 * `__content`, and `__key` where one is declared.
 * @throws MlopsError as `ingest`, about a file or a column
 */
export async function stage(
  database: Database,
  batch: Batch,
  rules: readonly RowRule[],
  folder: string
): Promise<Staged> {
  const { source, files, asOf } = batch;
  await database.run(`CREATE TYPE files AS ENUM (${files.map((file) => text(file.path)).join(', ')})`);
  const names = Object.keys(source.columns).map(column).join(', ');
  const known = `("${SINCE}" IS NULL OR "${SINCE}" <= ${moment(asOf)})`;
  const key = source.key === undefined ? [] : [[declaredKey(source, source.key), KEY] as const];
  const made = [
    [reasonOf(rules, unparsedReason(source.columns)), REASON] as const,
    [contentOrUnparsed(source), CONTENT] as const,
    ...key,
  ];
  const ofKnown = made.map(([expression, name]) => `CASE WHEN ${known} THEN ${expression} END AS "${name}"`);
  const undeclared = new Set<string>();
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
      const span = file.after === null ? 'true' : `"${SINCE}" > ${moment(file.after)}`;
      const rows = `SELECT *, ${ofKnown.join(', ')} FROM (${since}) WHERE ${span}`;
      await database.run(i === 0 ? `CREATE TABLE staged AS ${rows}` : `INSERT INTO staged ${rows}`);
    });
  }
  return { files: await countedBy(database), undeclared: distinctNames([...undeclared]) };
}

function sinceOf({ eventTime }: SourceDefinition): string {
  const known = ifMoment(`"${KNOWN_AT}"`);
  return eventTime === undefined ? known : `coalesce(${known}, ${ifMoment(column(eventTime))})`;
}

/** A moment that nobody can mean says nothing. */
function ifMoment(time: string): string {
  return `CASE WHEN ${isMoment(time)} THEN ${time} END`;
}

async function countedBy(database: Database): Promise<ReadonlyMap<string, StagedFile>> {
  const counts = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, count(*) AS rows, count(*) FILTER (WHERE "${REASON}" <> '') AS quarantined,
       count(*) FILTER (WHERE "${REASON}" IS NULL) AS later,
       epoch_us(min("${SINCE}") FILTER (WHERE "${REASON}" IS NULL)) AS next
     FROM staged GROUP BY ALL`
  );
  return new Map(
    counts.map(({ file, rows, quarantined, later, next }) => [
      file as string,
      {
        rows: Number(rows),
        quarantined: Number(quarantined),
        notYetKnown: Number(later),
        ...(next === null ? {} : { nextKnownAt: isoOf(next as bigint) }),
      },
    ])
  );
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
