/**
 * What a source reads: files here, files and documents behind a connection of the worker, a project's own predictions, or
 * what registered code yields.
 */
import type { ColumnType } from './column-type';
import type { JoinReader } from './views';

/** How a file's bytes become rows. */
export interface FileForm {
  /** What the file is; by the path's ending, if that says it. */
  readonly format: 'parquet' | 'csv' | 'jsonl';
  /** How a CSV file is written. */
  readonly csv?: CsvDialect;
}

export interface FileReader extends FileForm {
  /** Relative to the worker's data folder (`--data`). `*` stands for any characters of a name, `**` for any folders. */
  readonly path: string;
}

export interface HttpReader extends FileForm {
  /** A connection of kind `http` that the worker declares. */
  readonly connection: string;
  /** Relative to the connection's address; `?` begins a query. One path, or several. */
  readonly path: readonly string[];
}

export interface S3Reader extends FileForm {
  /** A connection of kind `s3` that the worker declares. */
  readonly connection: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** An object's key. `*` stands for any characters up to the next `/`, `**` for any folders. */
  readonly path: string;
}

/** A collection's documents, in the order of `_id`, as JSON Lines: a column is a field of the document. */
export interface MongoReader {
  /** A connection of kind `mongodb` that the worker declares. */
  readonly connection: string;
  /** The database's name. */
  readonly database: string;
  /** The collection's name. */
  readonly collection: string;
  /** Which documents: MongoDB's query as Extended JSON, such as `{ at: { $gte: { $date: '2026-01-01T00:00:00Z' } } }`. */
  readonly filter?: Readonly<Record<string, unknown>>;
}

/** How a CSV file is written. */
export interface CsvDialect {
  /** Between fields: one character or more. */
  readonly delimiter: string;
  /** Around a field that holds delimiters or line ends; '' for none. */
  readonly quote: string;
  /** Before a quote inside quotes. */
  readonly escape: string;
  /** As the WHATWG names it: `utf-8`, `utf-16le`, `windows-1252`, `shift_jis`, … */
  readonly encoding: string;
  /** Decimal mark of numbers. */
  readonly decimal: '.' | ',';
  /** Whether the first row holds the names; else the names in order. `false`: they are `column0`, `column1`, … */
  readonly header: boolean | readonly string[];
  /** Lines before the header or the first row. */
  readonly skip: number;
  /** Blanks around a field are not a part of it. */
  readonly trim: boolean;
}

/** Use of user code that the worker registered under a name with a version. */
export interface RegisteredUse {
  /** The name under which the worker registered it. */
  readonly registered: string;
  /** Handed to the code as they are. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** Rows that a statement makes of other sources' snapshots. */
export interface SqlReader {
  /** Names of sources (`sources`) that the statement reads as tables: their columns, `__key` and `__known_at`. */
  readonly from: readonly string[];
  /** One SELECT in DuckDB's SQL, of functions that depend on their arguments alone. It gives the declared columns, and each key once. */
  readonly statement: string;
}

/** Predictions of a project's endpoint whose truth is known: inputs as served, synthetic traffic left out. A revised truth is a correction. */
export interface PredictionsReader {
  /** The project that has the endpoint; it may be the one that reads. */
  readonly project: string;
}

/** What a source of predictions has beside the inputs: the name that a column gives in `from`, and the types that it can have. */
export const PREDICTION_FIELDS: Readonly<Record<string, readonly ColumnType[]>> = {
  'prediction.id': ['string'],
  'prediction.eventTime': ['timestamp'],
  'prediction.version': ['integer', 'number'],
  'prediction.score': ['number'],
  'prediction.decision': ['integer', 'number', 'string'],
  'prediction.control': ['boolean'],
  'truth.value': ['integer', 'number', 'string'],
  'truth.knownAt': ['timestamp'],
};

/** Inputs are named as columns are, without a dot. */
export function isPredictionField(from: string): boolean {
  return from.includes('.');
}

/** A reader whose rows are fetched: by a connection of the worker, or from the project's own records. */
export type RemoteReader =
  | { readonly http: HttpReader }
  | { readonly s3: S3Reader }
  | { readonly mongodb: MongoReader }
  | { readonly predictions: PredictionsReader };

export type SourceReader =
  | { readonly file: FileReader }
  | RemoteReader
  | { readonly sql: SqlReader }
  | { readonly join: JoinReader }
  | RegisteredUse;

/** A reader whose rows are made of other sources' snapshots. */
export type PreparedReader = Extract<SourceReader, { readonly sql: unknown } | { readonly join: unknown }>;

export function isPrepared(reader: SourceReader): reader is PreparedReader {
  return 'sql' in reader || 'join' in reader;
}

/** How what it reads is written; undefined where no file of the definition's is read. */
export function fileForm(reader: SourceReader): FileForm | undefined {
  if ('registered' in reader || isPrepared(reader)) return undefined;
  if ('mongodb' in reader || 'predictions' in reader) return { format: 'jsonl' };
  if ('s3' in reader) return reader.s3;
  return 'file' in reader ? reader.file : reader.http;
}
