/** Where rows come from, and what their columns are. */
import type { ColumnType } from './column-type';
import type { SourceReader } from './reader';

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

/** A column of the source; written short, its type alone. */
export interface ColumnDefinition {
  /** What the column's values are. */
  readonly type: ColumnType;
  /** The column's name in the file, if that is another one. Of a timestamp also several, whose texts `format` reads with a blank between them: `['year', 'month']` by `%Y %m`. */
  readonly from?: string | readonly string[];
  /** Texts that stand for a missing value, instead of the source's. */
  readonly missing?: readonly string[];
  /**
   * How a timestamp is written, the first that fits: `iso`, `epoch s`, `epoch ms`, `epoch us`, `excel` (days since
   * 1899-12-30), or a pattern such as `%d.%m.%Y %H:%M`. One text, or several.
   */
  readonly format?: readonly string[];
  /** IANA zone of timestamps that name none; default UTC. */
  readonly zone?: string;
  /** Its values never stand in profiles, lists of quarantined rows, reports and errors; shards and quarantine artifacts hold them, and so does a model with a feature that learns its values (`oneHot`, `cross`, `targetMean`, `embedding`, `textNgrams`): `mlops check` warns of those. */
  readonly privacy?: true;
}

export interface SourceDefinition {
  /** Names the source in records and errors. */
  readonly name: string;
  /** Files of the worker's folder; what a connection of the worker leads to; a project's predictions; `sql`, a statement over other sources; `join`, rows of one with feature views; or a reader registered on the worker. */
  readonly reader: SourceReader;
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

/** The columns of the file that a column is read from. */
export function namesInFile(name: string, { from = name }: Pick<ColumnDefinition, 'from'>): readonly string[] {
  return typeof from === 'string' ? [from] : from;
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
