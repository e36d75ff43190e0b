/** Feature views: what an entity's history says of it, as known at a moment. docs/feature-views.md explains them. */
import type { EventDuration } from '../durations';

/**
 * Aggregates of an entity's history. Each of its rows, at its moment, makes a value: the aggregate of the entity's rows from
 * `window` before that moment (not included) to it. A joined row takes the value with the greatest moment before its event time.
 */
export interface ViewDefinition {
  /** A source of `sources`: its newest snapshot is the history. */
  readonly from: string;
  /** Columns that name the entity: of the history, and under the same names of the rows that are joined. */
  readonly entity: readonly string[];
  /**
   * When a row of the history counts: once it is known, so that nothing of later can get in; or at its event time, for columns that are
   * known by then. `eventTime` can't read what the label's rule reads.
   */
  readonly clock: 'knownAt' | 'eventTime';
  /** So long before each moment rows count. Absent: all before it. */
  readonly window?: EventDuration;
  /** A value whose moment is longer before the row's event time is missing. Absent: none is. */
  readonly ttl?: EventDuration;
  /** Name → one aggregate of the history's columns, in SQL: `count(*)`, `avg(delay)`, `max(wind) FILTER (WHERE height < 100)`, `last(state)`. */
  readonly values: Readonly<Record<string, string>>;
  /** What an endpoint does where a value is older than `ttl`, or can't be read: it takes it for missing, or refuses the request. */
  readonly whenOld: 'missing' | 'refuse';
}

/** Rows of a source, each with what views say of its entity before its event time. They keep that source's key, event time and known-at. */
export interface JoinReader {
  /** A source of `sources` with an event time. */
  readonly rows: string;
  /** Names of views. */
  readonly views: readonly string[];
}

/** Words of SQL in small letters, those of its texts too: whatever column it reads is among them. */
export function wordsOfSql(sql: string): ReadonlySet<string> {
  return new Set(sql.match(/[a-z_][a-z0-9_]*/gi)?.map((word) => word.toLowerCase()));
}
