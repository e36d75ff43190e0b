/** From records to what engines read: local paths of shards, and which of their rows. */

import { MlopsError } from '../../domain/errors';
import type { Fact, ShardInfo, SnapshotBody } from '../../domain/records';
import type { ArtifactRef, FactKind } from '../../domain/refs';
import type { RowFilter } from '../../domain/split';
import type { Stores } from '../../stores/connect';
import { type DataShard, dataShards } from '../../engines/tables/live-rows';
import type { LabelledShard } from '../../engines/tables/labelled-rows';
import type { LoadRequest } from '../../engines/tables/load';
import { localCopies } from './artifact-cache';
import type { ActivityDeps } from '../deps';

export function artifactNamed<K extends FactKind>(fact: Fact<K>, name: string): ArtifactRef {
  const artifact = fact.artifacts.find((one) => one.name === name);
  if (artifact === undefined) {
    throw new MlopsError(
      'MLOPS_RECORD_MISSING',
      `A ${fact.kind} has no artifact ${name}.`,
      { kind: fact.kind, id: fact._id },
      'It was written by another release: use that release for this project, or start a project of another name.'
    );
  }
  return artifact;
}

/**
 * A snapshot's data shards in their order, and what removes rows from them; those of earlier batches are artifacts of it too.
 * @param where leaves out shards that hold none of its rows
 */
export async function shardsOf(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>,
  where: RowFilter = {}
): Promise<readonly DataShard[]> {
  const shards = shardsWith(snapshot.body, where);
  const removed = snapshot.body.removed.filter(({ batches }) => shards.some(({ batch }) => batches.includes(batch)));
  return dataShards({ shards, removed }, await namedCopies(deps, stores, snapshot, [...shards, ...removed]));
}

/** Rows of a time are in the shards of that time, to the millisecond that a record says it by. */
function shardsWith({ shards }: SnapshotBody, { from, to }: RowFilter): readonly ShardInfo[] {
  const first = from === undefined ? -Infinity : Date.parse(from) - 1;
  const last = to === undefined ? Infinity : Date.parse(to);
  const found = shards.filter(
    ({ minEventTime, maxEventTime }) =>
      minEventTime === undefined ||
      maxEventTime === undefined ||
      (Date.parse(maxEventTime) >= first && Date.parse(minEventTime) <= last)
  );
  // Where there is none, whoever reads one finds no row in it, and says so in words of its own.
  return found.length === 0 ? shards.slice(0, 1) : found;
}

/** Local paths of a fact's artifacts, by their names. */
export async function namedCopies(
  deps: ActivityDeps,
  stores: Stores,
  fact: Fact,
  wanted: readonly { readonly name: string }[]
): Promise<Readonly<Record<string, string>>> {
  const paths = await localCopies(
    deps,
    stores,
    wanted.map(({ name }) => artifactNamed(fact, name))
  );
  return Object.fromEntries(wanted.map(({ name }, index) => [name, paths[index] as string]));
}

/** As `shardsOf`, with a label shard beside each. */
export async function labelledShards(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>,
  labels: Fact<'labelSet'>,
  where: RowFilter = {}
): Promise<LabelledShard[]> {
  const data = await shardsOf(deps, stores, snapshot, where);
  const all = snapshot.body.shards;
  const wanted = shardsWith(snapshot.body, where).map((shard) => labels.body.shards[all.indexOf(shard)]!);
  const beside = await namedCopies(deps, stores, labels, wanted);
  return data.map((shard, at) => ({ ...shard, labels: beside[wanted[at]!.name]! }));
}

/** The snapshot's rows that the filter takes, with their labels: no other shard is read. */
export async function labelledRequest(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>,
  labels: Fact<'labelSet'>,
  where: RowFilter
): Promise<LoadRequest> {
  return loadRequest(snapshot.body, await labelledShards(deps, stores, snapshot, labels, where), where);
}

export function loadRequest(
  snapshot: SnapshotBody,
  shards: LoadRequest['shards'],
  where: LoadRequest['where']
): LoadRequest {
  const { columns, eventTime } = snapshot;
  return { shards, columns, where, ...(eventTime === undefined ? {} : { eventTime }) };
}
