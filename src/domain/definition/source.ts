/** Where rows come from, and what their columns are. */

export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'timestamp';

/** A row is known from this moment on: a column says it, or event time plus a linear rule of columns. */
export type KnownAt =
  | {
      /** A timestamp column that says when the row was known. */
      readonly column: string;
    }
  | {
      readonly eventTimePlus: {
        /** Minutes that are always added. */
        readonly minutes: number;
        /** column → minutes for each unit of it */
        readonly minutesPer: Readonly<Record<string, number>>;
      };
    };

export interface FileReader {
  /** Relative to the worker's data folder (`--data`). `*` stands for any characters of a name, `**` for any folders. */
  readonly path: string;
  /** What the file is. */
  readonly format: 'parquet' | 'csv' | 'jsonl';
  /** How a CSV file is written. */
  readonly csv?: CsvDialect;
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

/** A column of the source; written short, its type alone. */
export interface ColumnDefinition {
  /** What the column's values are. */
  readonly type: ColumnType;
  /** The column's name in the file, if that is another one. */
  readonly from?: string;
  /** Texts that stand for a missing value, instead of the source's. */
  readonly missing?: readonly string[];
  /**
   * How a timestamp is written, the first that fits: `iso`, `epoch s`, `epoch ms`, `epoch us`, `excel` (days since
   * 1899-12-30), or a pattern such as `%d.%m.%Y %H:%M`. One text, or several.
   */
  readonly format?: readonly string[];
  /** IANA zone of timestamps that name none; default UTC. */
  readonly zone?: string;
  /** Its values never stand in profiles, lists of quarantined rows, reports and errors. */
  readonly privacy?: true;
}

/** Rows that a statement makes of other sources' snapshots. */
export interface SqlReader {
  /** Names of sources (`sources`) that the statement reads as tables: their columns, `__key` and `__known_at`. */
  readonly from: readonly string[];
  /** One SELECT in DuckDB's SQL, of functions that depend on their arguments alone. It gives the declared columns, and each key once. */
  readonly statement: string;
}

export interface SourceDefinition {
  /** Names the source in records and errors. */
  readonly name: string;
  /** Built-in `file`; `sql`, a statement over other sources; or a reader registered on the worker. */
  readonly reader: { readonly file: FileReader } | { readonly sql: SqlReader } | RegisteredUse;
  /** Texts that stand for a missing value, in every format; a column may have its own. */
  readonly missing: readonly string[];
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  /** Columns that identify a row: one that comes again is a correction. */
  readonly key?: readonly string[];
  /** A timestamp column. Without one rows are in the order of their keys. */
  readonly eventTime?: string;
  /** Without it, and without an event time, a row is always known. */
  readonly knownAt?: KnownAt;
}

/** What snapshots, loaded rows and features go by. */
export function columnTypes({ columns }: Pick<SourceDefinition, 'columns'>): Readonly<Record<string, ColumnType>> {
  return Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]));
}

/** Columns whose values nothing shows, by name. */
export function privateColumns({ columns }: Pick<SourceDefinition, 'columns'>): readonly string[] {
  return Object.keys(columns)
    .filter((name) => columns[name]!.privacy === true)
    .sort();
}

/** Use of user code that the worker registered under a name with a version. */
export interface RegisteredUse {
  /** The name under which the worker registered it. */
  readonly registered: string;
  /** Handed to the code as they are. */
  readonly params: Readonly<Record<string, unknown>>;
}
