/** The shape of `source`: where rows come from, how their file is written, which columns are read. */
import { z } from 'zod';
import { type ColumnDefinition, type ColumnType, columnTypeOf, TYPE_FORMS } from '../domain/definition';
import { excerptOf, listed } from './mistakes';
import { didYouMean } from '../domain/did-you-mean';
import { CLIENT_ID } from '../domain/ids';
import { MOST_VIEWS } from './views-schema';
import { column, MOST, MOST_COLUMNS, oneOf, params, record, registeredUse, textOf, word } from './schema-parts';

const MOST_CHARACTERS = 1000;
export const MOST_SOURCES = 16;
/** Year, month, day, hour, minute, second, fraction, zone. */
const MOST_PARTS = 8;
const MOST_STATEMENT = 32_768;

const name = z.string().max(MOST_CHARACTERS);
const marks = z.array(name).max(MOST);

const OTHER_FORMATS: readonly string[] = ['iso', 'epoch s', 'epoch ms', 'epoch us', 'excel'];
/** What DuckDB's strptime knows. */
const PATTERN = /^(?:[^%]|%(?:[aAwdbBmyYHIpMSfgnzZjUWcxXuVG%]|-[dmyHIMSj]))*$/;
const isFormat = (text: string) => OTHER_FORMATS.includes(text) || (text.includes('%') && PATTERN.test(text));
const format = name.refine(isFormat, {
  error: ({ input }) =>
    `must be iso, epoch s, epoch ms, epoch us, excel or a pattern such as '%d.%m.%Y %H:%M', is ${excerptOf(input)}`,
});
const formats = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .pipe(z.array(format).min(1).max(MOST));

const zone = name.refine(isZone, {
  error: ({ input }) => `must be a zone such as Europe/Oslo, is ${excerptOf(input)}`,
});

const type = z.unknown().transform((input, context): ColumnType => {
  const known = typeof input === 'string' ? columnTypeOf(input) : undefined;
  if (known !== undefined) return known;
  const wanted = `must be ${listed(TYPE_FORMS)}`;
  const near = typeof input === 'string' ? didYouMean(input, TYPE_FORMS) : '';
  const wrong = `${wanted}, is ${excerptOf(input)}${near === '' ? '' : `.${near}`}`;
  context.issues.push({ code: 'custom', input, message: input === undefined ? `is missing; it ${wanted}` : wrong });
  return z.NEVER;
});
const full = record({
  type,
  from: z
    .union([name, z.array(name).min(2).max(MOST_PARTS)], { error: "must be a column's name, or two to eight of them" })
    .optional(),
  missing: marks.optional(),
  format: formats.optional(),
  zone: zone.optional(),
  privacy: z.literal(true).optional(),
});

/** The type alone, or an object with more about the column. */
const columnDefinition = z.unknown().transform((value, context): ColumnDefinition => {
  const parsed =
    typeof value === 'object' && value !== null
      ? full.safeParse(value, { reportInput: true })
      : type.transform((only) => ({ type: only })).safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data as ColumnDefinition;
  context.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
  return z.NEVER;
});

const oneCharacter = z.string().regex(/^[ -~]?$/, {
  error: ({ input }) => `must be one character of ASCII or '', is ${excerptOf(input)}`,
});
const csv = record({
  delimiter: z
    .string()
    .min(1)
    .max(4)
    .refine((text) => !/[\r\n]/.test(text), { error: 'must not hold a line end' })
    .default(','),
  quote: oneCharacter.default('"'),
  escape: oneCharacter.optional(),
  encoding: z
    .string()
    .transform((label, context) => encodingOf(label) ?? unknownEncoding(label, context))
    .default('utf-8'),
  decimal: z.enum(['.', ',']).default('.'),
  header: z.union([z.boolean(), z.array(name).min(1).max(MOST_COLUMNS)]).default(true),
  skip: z.number().int().min(0).default(0),
  trim: z.boolean().default(false),
});

/** How a file's bytes become rows. */
const form = { format: z.enum(['parquet', 'csv', 'jsonl']).optional(), csv: csv.optional() };

const connection = textOf(CLIENT_ID, 'the name of a connection of the worker: letters, digits and . _ : -');
const paths = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .pipe(z.array(z.string().min(1).max(MOST_CHARACTERS)).min(1).max(MOST));

const bucket = textOf(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'a bucket: 3 to 63 small letters, digits, dots and hyphens'
);
const objectPath = z
  .string()
  .min(1)
  .max(MOST_CHARACTERS)
  .refine((path) => !/^\/|\/\/|(^|\/)\.\.?(\/|$)/.test(path), { error: 'must be a key without empty parts, . and ..' });
const database = textOf(/^[^/\\. "$*<>:|?\0]{1,63}$/, 'the name of a database');
const collection = textOf(/^(?!system\.)[^$\0]{1,200}$/, 'the name of a collection');
/** What runs code on the server, wherever it stands. */
const CODE = /^\$(where|function|accumulator)$/;
const filter = params.refine((query) => !hasKey(query, CODE), {
  error: 'must not hold $where, $function or $accumulator',
});

export const source = record({
  name: word.optional(),
  reader: oneOf({
    file: record({ file: record({ path: z.string().min(1), ...form }) }),
    http: record({ http: record({ connection, path: paths, ...form }) }),
    s3: record({ s3: record({ connection, bucket, path: objectPath, ...form }) }),
    mongodb: record({ mongodb: record({ connection, database, collection, filter: filter.optional() }) }),
    predictions: record({ predictions: record({ project: word }) }),
    sql: record({
      sql: record({
        from: z.array(word).min(1).max(MOST_SOURCES),
        statement: z.string().min(1).max(MOST_STATEMENT),
      }),
    }),
    join: record({ join: record({ rows: word, views: z.array(column).min(1).max(MOST_VIEWS) }) }),
    registered: registeredUse,
  }),
  missing: marks.default(['']),
  columns: z.record(column, columnDefinition),
  key: z.array(column).min(1).max(MOST).optional(),
  eventTime: column.optional(),
  knownAt: oneOf({
    column: record({ column }),
    eventTimePlus: record({
      eventTimePlus: record({
        minutes: z.number().min(0).default(0),
        minutesPer: z.record(column, z.number()).default({}),
      }),
    }),
  }).optional(),
});

/** The dialect of a CSV file that says nothing of its own. */
export const CSV = csv.parse({});

function hasKey(value: unknown, form: RegExp): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, below]) => form.test(key) || hasKey(below, form));
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

function unknownEncoding(label: string, context: z.core.$RefinementCtx): never {
  const message = `must be an encoding such as utf-8, utf-16le or windows-1252, is ${excerptOf(label)}`;
  context.issues.push({ code: 'custom', input: label, message });
  return z.NEVER;
}
