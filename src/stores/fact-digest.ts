/** What a fact's digests are made of: the steps that write facts and `mlops doctor --verify`, which reads them, ask here. */
import type { Fact } from '../domain/records';
import type { ArtifactRef, Digest, FactKind } from '../domain/refs';
import { digestOf } from '../runtime/digest';

type Content<K extends FactKind> = Pick<Fact<K>, 'body'> & {
  readonly step?: Pick<NonNullable<Fact['step']>, 'params'>;
  readonly artifacts: readonly Pick<ArtifactRef, 'name' | 'digest'>[];
};

/**
 * What a fact stands for, as other records name it. Where a snapshot's files lay, and how its batches were cut, is in its
 * record but isn't what a snapshot is.
 */
const DIGESTS: { readonly [K in FactKind]: (fact: Content<K>) => Digest } = {
  definition: ({ body }) => digestOf(body.definition),
  snapshot: ({ body: { columns, eventTime, shards, removed } }) =>
    digestOf({
      columns,
      eventTime,
      shards: shards.map((shard) => [shard.digest, shard.rows]),
      removed: removed.map((list) => [list.digest, list.batches]),
    }),
  report: bodyAndFiles,
  labelSet: ({ body, step }) =>
    digestOf({
      label: (step?.params as { readonly label?: unknown } | undefined)?.label,
      shards: body.shards.map((shard) => [shard.digest, shard.rows]),
    }),
  featureSet: bodyAndFiles,
  trial: ({ body }) => digestOf(body),
  winner: ({ body }) => digestOf(body),
  run: bodyAndFiles,
  version: ({ body }) => body.model.digest,
  evaluation: bodyAndFiles,
  decision: ({ body }) => digestOf(body),
  window: ({ body }) => digestOf(body),
};

function bodyAndFiles({ body, artifacts }: Content<FactKind>): Digest {
  return digestOf({ body, files: artifacts.map((file) => [file.name, file.digest]) });
}

export function factDigest<K extends FactKind>(kind: K, content: Content<K>): Digest {
  return DIGESTS[kind](content);
}

/** Digest of the whole record, without how the attempt went that wrote it: nothing in it can change unseen. */
export function recordDigest(fact: Omit<Fact, 'v' | 'made' | 'record'>): Digest {
  const { _id, kind, digest, step, inputs, artifacts, body } = fact;
  return digestOf({ _id, kind, digest, step, inputs, artifacts, body });
}
