/** What DuckDB says of a file that it can't read, in words of ours: which line, what is wrong, what to do. Never the line itself. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { MlopsError } from '../../../domain/errors';
import { isJsonArray } from './json-array';
import { quoted } from '../../../domain/quote';
import { messageOf } from '../duckdb';
import { lineBytes } from './source-limits';

const KNOWN: readonly { readonly said: string; readonly what: string; readonly fix: string }[] = [
  {
    said: 'Invalid unicode',
    what: 'Some bytes are not UTF-8',
    fix: 'Declare the encoding that the file has (reader.file.csv.encoding), or write it as UTF-8.',
  },
  {
    said: 'unterminated quote',
    what: 'A quote stands in the middle of a field, or is never closed',
    fix: 'Double quotes inside quotes, or declare quote and escape as the file has them (reader.file.csv).',
  },
  {
    said: 'Expected Number of Columns',
    what: 'A row has many more fields than the header',
    fix: 'Fix that line, or declare the delimiter that the file has (reader.file.csv.delimiter).',
  },
  {
    said: 'state machine reached an invalid state',
    what: 'Lines end in different ways (LF, CR LF, CR)',
    fix: 'Write the file with one kind of line end.',
  },
];

/** @param local where it was read from, if not from the file itself; an error of ours names it, too */
export async function refusalOf(file: string, error: unknown, local = file): Promise<MlopsError> {
  if (error instanceof MlopsError) return error.where['file'] === local ? error.at({ file }) : error;
  const said = messageOf(error);
  const line = Number(/CSV Error on Line: (\d+)/.exec(said)?.[1]) || undefined;
  const known = KNOWN.find((each) => said.includes(each.said));
  if (/Maximum line size|maximum_object_size/.test(said)) return await lineTooLong(file, line, local);
  if (said.includes('Malformed JSON')) return await notJson(file, said, local);
  if (known !== undefined)
    return new MlopsError('MLOPS_SOURCE_UNREADABLE', `${known.what}.`, { file, line }, known.fix);
  // What follows is advice about options that are not the reader's to change, and may hold lines of the file.
  const [reason = ''] = said.replace(/Original Line: .*\n/, '').split(/\n\s*(?:Possible |LINE \d)/, 1);
  const what = `The file can't be read: ${quoted(reason.replaceAll(local, 'it').replaceAll(file, 'it')).replace(/[.\s]+$/, '')}.`;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file, line }, 'Fetch or write it again.');
}

async function lineTooLong(file: string, found: number | undefined, local: string): Promise<MlopsError> {
  const limit = lineBytes();
  const line = found ?? (await firstLine(local, (text) => Buffer.byteLength(text) >= limit));
  return new MlopsError(
    'MLOPS_LINE_TOO_LONG',
    'A line is longer than it may be.',
    { file, line, limit },
    "A quote in or before it may never be closed; else write shorter lines, or raise the worker's limit sourceLineBytes."
  );
}

/** DuckDB's own count of lines is off where its buffers end. */
async function notJson(file: string, said: string, local: string): Promise<MlopsError> {
  const encoding = said.includes('invalid UTF-8');
  if (!encoding && (await isJsonArray(local))) {
    const fix = 'Write the whole array, or each row as one JSON object on a line of its own.';
    return new MlopsError('MLOPS_SOURCE_UNREADABLE', 'The array is not JSON to its end.', { file }, fix);
  }
  const line = await firstLine(local, encoding ? (text) => text.includes('\ufffd') : isNotJson);
  return new MlopsError(
    'MLOPS_SOURCE_UNREADABLE',
    encoding ? 'Some bytes are not UTF-8.' : 'A line is not JSON.',
    { file, line },
    'Write each row as one JSON object on a line of its own, in UTF-8.'
  );
}

function isNotJson(text: string): boolean {
  try {
    return text.trim() !== '' && JSON.parse(text) === undefined;
  } catch {
    return true;
  }
}

async function firstLine(file: string, broken: (text: string) => boolean): Promise<number | undefined> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (broken(line)) return number;
  }
  return undefined;
}
