/** The batch's rows, read from their files into the table `staged`, with the reason for which a row is refused. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { ObservedFile } from '../../domain/records';
import { quoted } from '../../domain/quote';
import { type Database, messageOf } from './duckdb';
import { knownAtOf } from './known-at';
import { digestOfFile } from './observe';
import { type FileFormat, relationOf, WRONG_VALUE } from './readers';
import { type RowRule, reasonOf } from './rules';
import { column, FILE, KNOWN_AT, moment, ROW, text } from './sql';

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
export async function stage(database: Database, batch: Batch, rules: readonly RowRule[]): Promise<void> {
  const { source } = batch;
  const files = [...new Map(batch.files.map((file) => [file.digest, file])).values()].sort((a, b) =>
    a.digest < b.digest ? -1 : 1
  );
  await database.run(`CREATE TYPE files AS ENUM (${files.map(({ digest }) => text(digest)).join(', ')})`);
  const names = Object.keys(source.columns).map(column).join(', ');
  for (const [i, file] of files.entries()) {
    await readingOf(file, async () => {
      const relation = await relationOf(database, file.local, batch.format, source);
      const keyed = `SELECT ${names}, ${text(file.digest)}::files AS "${FILE}", "${ROW}", ${knownAtOf(source)} AS "${KNOWN_AT}"
        FROM (${relation})`;
      const rows = `SELECT *, ${reasonOf(rules)} AS "${REASON}" FROM (${keyed}) WHERE ${spanOf(batch)}`;
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

/** Says of what goes wrong whether the file changed, which value has the wrong type, or that the file is broken. */
async function readingOf(file: SourceFile, read: () => Promise<void>): Promise<void> {
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
  if (failure !== undefined) throw failure instanceof MlopsError ? failure : await refusal(file.local, failure);
}

async function refusal(file: string, error: unknown): Promise<MlopsError> {
  const said = messageOf(error);
  const wrong = said.split(WRONG_VALUE)[1];
  if (wrong !== undefined) {
    const value = JSON.parse(wrong) as { readonly column: string; readonly row: number; readonly found: string | null };
    const where = { file, ...value, found: value.found === null ? undefined : quoted(value.found) };
    return new MlopsError('MLOPS_COLUMN_TYPE', 'A value is not of its declared type.', where, 'Fix the file.');
  }
  // DuckDB adds what its own options could do about it.
  const [reason = ''] = said.split(/\n\s*(?:Possible |LINE \d)|, at byte /, 1);
  // Its words may hold lines of the file.
  const what = `The file can't be read: ${quoted(reason.replace(/Original Line: .*\n/, '').replaceAll(file, 'it')).replace(/[.\s]+$/, '')}.`;
  // DuckDB's own count of JSON lines is off where its buffers end.
  const line = said.includes('Malformed JSON') ? await firstBrokenLine(file) : undefined;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file, line }, 'Fetch or write it again.');
}

async function firstBrokenLine(file: string): Promise<number | undefined> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    try {
      if (line.trim() !== '') JSON.parse(line);
    } catch {
      return number;
    }
  }
  return undefined;
}
