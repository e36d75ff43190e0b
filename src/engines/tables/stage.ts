/** The batch's rows, read from their files into the table `staged`, with the reason for which a row is refused. */
import type { SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { ObservedFile } from '../../domain/records';
import type { Database } from './duckdb';
import { knownAtOf } from './known-at';
import { digestOfFile } from './observe';
import { readFrom } from './reading/readable-file';
import { refusalOf } from './reading/refusal';
import { type FileFormat, relationOf } from './reading/relation';
import { unparsedReason } from './reading/unparsed';
import { type RowRule, reasonOf } from './rules';
import { column, FILE, KNOWN_AT, moment, ROW, text, UNPARSED } from './sql';

/** As observed; `local` is where this machine finds the file. */
export interface SourceFile extends ObservedFile {
  readonly local: string;
}

export interface Batch {
  readonly files: readonly SourceFile[];
  readonly format: FileFormat;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly after: string | null;
  readonly asOf: string;
}

/** Names of the broken blocking rules; '' in a good row. */
export const REASON = '__reason';

/**
 * Files come in the order of their digests, a file that is there twice counts once.
 * @throws MlopsError as `ingest`, about a file or a column
 */
export async function stage(
  database: Database,
  batch: Batch,
  rules: readonly RowRule[],
  folder: string
): Promise<void> {
  const { source } = batch;
  const files = [...new Map(batch.files.map((file) => [file.digest, file])).values()].sort((a, b) =>
    a.digest < b.digest ? -1 : 1
  );
  await database.run(`CREATE TYPE files AS ENUM (${files.map(({ digest }) => text(digest)).join(', ')})`);
  const names = Object.keys(source.columns).map(column).join(', ');
  for (const [i, file] of files.entries()) {
    await readingOf(file, folder, async () => {
      const relation = await relationOf(database, file.local, { format: batch.format, source, folder });
      const keyed = `SELECT ${names}, "${UNPARSED}", ${text(file.digest)}::files AS "${FILE}", "${ROW}", ${knownAtOf(source)} AS "${KNOWN_AT}"
        FROM (${relation})`;
      const rows = `SELECT *, ${reasonOf(rules, unparsedReason(source.columns))} AS "${REASON}" FROM (${keyed}) WHERE ${spanOf(batch)}`;
      await database.run(i === 0 ? `CREATE TABLE staged AS ${rows}` : `INSERT INTO staged ${rows}`);
    });
  }
}

/** Rows without a time at which they were known belong to the first batch, where they are quarantined. */
function spanOf({ after, asOf }: Batch): string {
  const known = `"${KNOWN_AT}"`;
  if (after === null) return `(${known} <= ${moment(asOf)} OR ${known} IS NULL)`;
  return `${known} > ${moment(after)} AND ${known} <= ${moment(asOf)}`;
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
  throw failure instanceof MlopsError ? failure : await refusalOf(file.local, failure, readFrom(file.local, folder));
}
