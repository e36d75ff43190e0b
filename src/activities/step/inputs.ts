/** From records to what engines read: local paths of shards, and which of their rows. */

import { MlopsError } from '../../domain/errors';
import type { Fact, SnapshotBody } from '../../domain/records';
import type { ArtifactRef, FactKind } from '../../domain/refs';
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

/** A snapshot's data shards in their order, and what removes rows from them; those of earlier batches are artifacts of it too. */
export async function shardsOf(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>
): Promise<readonly DataShard[]> {
  const { shards, removed } = snapshot.body;
  return dataShards(snapshot.body, await namedCopies(deps, stores, snapshot, [...shards, ...removed]));
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

export async function labelledShards(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>,
  labels: Fact<'labelSet'>
): Promise<LabelledShard[]> {
  const data = await shardsOf(deps, stores, snapshot);
  const beside = await namedCopies(deps, stores, labels, labels.body.shards);
  return data.map((shard, index) => ({ ...shard, labels: beside[labels.body.shards[index]!.name]! }));
}

export function loadRequest(
  snapshot: SnapshotBody,
  shards: LoadRequest['shards'],
  where: LoadRequest['where']
): LoadRequest {
  const { columns, eventTime } = snapshot;
  return { shards, columns, where, ...(eventTime === undefined ? {} : { eventTime }) };
}
