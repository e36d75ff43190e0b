/** What differs between two snapshots: rows, columns, figures. */
import type { SnapshotBody } from '../../../domain/records';
import { withDatabase } from '../duckdb';
import { type ChangedExample, changedByColumn, changedExamples, type RowExample, rowExamples } from './examples';
import { CHANGES, type Change, compareRowsOf, type Side } from './row-changes';
import { commonKey, type SchemaChanges, schemaChanges } from './schema-changes';
import { type FigureChange, figureChanges } from './statistics';
import { unequalShards } from './unequal-shards';

export type ComparedBody = Pick<
  SnapshotBody,
  'shards' | 'removed' | 'rows' | 'columns' | 'key' | 'privacy' | 'eventTime' | 'profile'
>;

export interface ToCompare {
  readonly body: ComparedBody;
  /** Local paths by the names of artifacts; those of `artifactsToRead` are enough. */
  readonly locals: Readonly<Record<string, string>>;
}

export interface SnapshotDiff {
  /** The columns by which rows meet; null where they meet by their values in the columns that both have. */
  readonly by: readonly string[] | null;
  /** Rows of each kind of difference, and those that are the same. */
  readonly rows: Readonly<Record<Change | 'same', number>>;
  /** In how many of the changed rows a column has another value. */
  readonly changedBy: Readonly<Record<string, number>>;
  readonly examples: {
    readonly added: readonly RowExample[];
    readonly removed: readonly RowExample[];
    readonly changed: readonly ChangedExample[];
  };
  readonly schema: SchemaChanges;
  /** Of the batches that the snapshots end with. */
  readonly statistics: readonly FigureChange[];
  /** How many shards were compared row by row, and how many of `a` are in `b` as they are. */
  readonly shards: { readonly compared: number; readonly equal: number };
}

export interface DiffOptions {
  /** For what doesn't fit in memory. */
  readonly folder: string;
  /** Examples of each kind. */
  readonly most: number;
}

/** @throws MlopsError MLOPS_OUT_OF_MEMORY */
export async function diffSnapshots(a: ToCompare, b: ToCompare, { folder, most }: DiffOptions): Promise<SnapshotDiff> {
  const shards = unequalShards(a.body, b.body, a.locals, b.locals);
  // What one of them calls private is private in the other, too.
  const privacy = [...new Set([...a.body.privacy, ...b.body.privacy])];
  const [left, right]: [Side, Side] = [
    { ...a.body, privacy, shards: shards.a },
    { ...b.body, privacy, shards: shards.b },
  ];
  const files = [...shards.a, ...shards.b].flatMap(({ data, removed }) => [data, ...removed]);
  return withDatabase({ files: [...new Set(files)], folder }, async (database) => {
    await compareRowsOf(database, left, right);
    const found = await database.rows('SELECT change, count(*) AS n FROM differences GROUP BY change');
    const counts = new Map(found.map(({ change, n }) => [change as Change, Number(n)]));
    const count = (change: Change) => counts.get(change) ?? 0;
    const same = a.body.rows - count('removed') - count('changed') - count('moved');
    return {
      by: commonKey(left, right) ?? null,
      rows: { ...(Object.fromEntries(CHANGES.map((c) => [c, count(c)])) as Record<Change, number>), same },
      changedBy: count('changed') === 0 ? {} : await changedByColumn(database, left, right),
      examples: {
        added: count('added') === 0 ? [] : await rowExamples(database, right, { change: 'added', key: 'key_b', most }),
        removed:
          count('removed') === 0 ? [] : await rowExamples(database, left, { change: 'removed', key: 'key_a', most }),
        changed: count('changed') === 0 ? [] : await changedExamples(database, left, right, most),
      },
      schema: schemaChanges(a.body, b.body),
      statistics: figureChanges(a.body.profile, b.body.profile, privacy),
      shards: { compared: shards.a.length + shards.b.length, equal: shards.equal },
    };
  });
}
