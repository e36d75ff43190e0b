/** From records to what engines read: local paths of shards, and which of their rows. */

import { MlopsError } from '../../domain/errors';
import type { Fact, SnapshotBody } from '../../domain/records';
import type { ArtifactRef, FactKind } from '../../domain/refs';
import type { Stores } from '../../stores/connect';
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

/** A snapshot's data shards in their order; those of earlier batches are artifacts of the same names' records. */
export async function dataShards(deps: ActivityDeps, stores: Stores, snapshot: Fact<'snapshot'>): Promise<string[]> {
  return localCopies(
    deps,
    stores,
    snapshot.body.shards.map((shard) => artifactNamed(snapshot, shard.name))
  );
}

export async function labelledShards(
  deps: ActivityDeps,
  stores: Stores,
  snapshot: Fact<'snapshot'>,
  labels: Fact<'labelSet'>
): Promise<{ data: string; labels: string }[]> {
  const data = await dataShards(deps, stores, snapshot);
  const beside = await localCopies(
    deps,
    stores,
    labels.body.shards.map((shard) => artifactNamed(labels, shard.name))
  );
  return data.map((path, index) => ({ data: path, labels: beside[index] as string }));
}

export function loadRequest(
  snapshot: SnapshotBody,
  shards: LoadRequest['shards'],
  where: LoadRequest['where']
): LoadRequest {
  return { shards, columns: snapshot.columns, eventTime: snapshot.eventTime, where };
}
