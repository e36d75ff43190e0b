/**
 * What flows between workflows and activities: names of bytes and records, never the bytes.
 * A digest names content; a ref names a record of one kind and the content that it stands for.
 */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value);
}

/** Kinds of immutable facts; each lives in the collection of its own name (stores/facts.ts). */
export const FACT_KINDS = [
  'definition',
  'snapshot',
  'report',
  'labelSet',
  'featureSet',
  'trial',
  'winner',
  'run',
  'version',
  'evaluation',
  'decision',
  'window',
] as const;

export type FactKind = (typeof FACT_KINDS)[number];

/** A record: `id` is its `_id` (a step key, or an id with the project in it), `digest` its content. */
export interface Ref<K extends FactKind = FactKind> {
  readonly kind: K;
  readonly id: string;
  readonly digest: Digest;
}

/** Bytes in the artifact store, under their own SHA-256. */
export interface ArtifactRef {
  /** What it is within its record, for people and look-ups: `model`, `shard-0`, `report`. */
  readonly name: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly mediaType: string;
}
