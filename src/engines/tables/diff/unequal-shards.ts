/** Which shards can hold a difference: those whose rows, less what was removed from them, the other snapshot doesn't have as they are. */
import { type DataShard, dataShards } from '../live-rows';
import type { SnapshotRows } from '../../../domain/records';

export type ShardedRows = Pick<SnapshotRows, 'shards' | 'removed'>;

export interface UnequalShards {
  readonly a: readonly DataShard[];
  readonly b: readonly DataShard[];
  /** Shards of `a` that `b` has too. */
  readonly equal: number;
}

/** Names of the artifacts that a comparison reads, of each snapshot. */
export function artifactsToRead(a: ShardedRows, b: ShardedRows): { readonly a: string[]; readonly b: string[] } {
  const unequal = unequalShards(a, b, namesOf(a), namesOf(b));
  const read = (shards: readonly DataShard[]) => [
    ...new Set(shards.flatMap(({ data, removed }) => [data, ...removed])),
  ];
  return { a: read(unequal.a), b: read(unequal.b) };
}

/** @param locals local paths by the names of artifacts */
export function unequalShards(
  a: ShardedRows,
  b: ShardedRows,
  localsOfA: Readonly<Record<string, string>>,
  localsOfB: Readonly<Record<string, string>>
): UnequalShards {
  const [ofA, ofB] = [identities(a), identities(b)];
  const [equalInA, equalInB] = [ofA.map(taking(ofB)), ofB.map(taking(ofA))];
  return {
    a: dataShards(a, localsOfA).filter((_, i) => !equalInA[i]),
    b: dataShards(b, localsOfB).filter((_, i) => !equalInB[i]),
    equal: equalInA.filter(Boolean).length,
  };
}

function namesOf({ shards, removed }: ShardedRows): Readonly<Record<string, string>> {
  return Object.fromEntries([...shards, ...removed].map(({ name }) => [name, name]));
}

/** The rows of a shard, and the lists that remove some of them. */
function identities({ shards, removed }: ShardedRows): readonly string[] {
  return shards.map(({ batch, rowsDigest }) => {
    const lists = removed.filter(({ batches }) => batches.includes(batch)).map(({ digest }) => digest);
    // A list names the rows of a batch: the batch's number is a part of what it says.
    return JSON.stringify([rowsDigest, ...(lists.length === 0 ? [] : [batch, ...lists])]);
  });
}

/** Each of the others is taken once. */
function taking(others: readonly string[]): (identity: string) => boolean {
  const left = new Map<string, number>();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return (identity) => {
    const count = left.get(identity) ?? 0;
    left.set(identity, count - 1);
    return count > 0;
  };
}
