/**
 * What housekeeping keeps and what it takes. Facts and audit are never deleted: only bytes go, and the artifact's document
 * says when and why. Pure rules; stores/needs.ts reads what records need, activities/housekeeping/ applies the rules.
 */
import { parseDurationMs } from './durations';
import type { Digest } from './refs';

/** How long bytes stay that nothing needs, as text such as `'90 days'`, by a worker's word; each counts from when they were last put or referred to. */
export interface Retention {
  /** Whatever was put, made or reused so lately stays. Default: 3 days; at least an hour, and longer than any activity. */
  readonly grace: string;
  /** Of a version that was live, with what it was made from: since it last was. Default: 365 days. */
  readonly served: string;
  /** Of every other record. Default: 90 days. */
  readonly records: string;
  /** Quarantined rows, of kept snapshots too, but for held ones. Default: 30 days. */
  readonly quarantine: string;
  /** Checkpoints of trainings that did not end. Default: 7 days. */
  readonly checkpoints: string;
}

export const DEFAULT_RETENTION: Retention = {
  grace: '3 days',
  served: '365 days',
  records: '90 days',
  quarantine: '30 days',
  checkpoints: '7 days',
};

export type RetentionMs = { readonly [what in keyof Retention]: number };

const LEAST_GRACE = '1 hour';

/** In milliseconds; the mistake in words where one is not a duration, or the grace is too short. */
export function retentionMs(given: Partial<Retention> = {}): RetentionMs | string {
  const known = Object.keys(DEFAULT_RETENTION) as (keyof Retention)[];
  const unknown = Object.keys(given).find((what) => !(known as string[]).includes(what));
  if (unknown !== undefined)
    return `there is no retention called ${JSON.stringify(unknown)}; they are ${known.join(', ')}`;
  const ms: Partial<Record<keyof Retention, number>> = {};
  for (const what of known) {
    const text = given[what] ?? DEFAULT_RETENTION[what];
    const parsed = typeof text === 'string' ? parseDurationMs(text) : undefined;
    if (parsed === undefined) return `${what}: ${JSON.stringify(text)} is not a duration such as '90 days'`;
    ms[what] = parsed;
  }
  const all = ms as RetentionMs;
  if (all.grace < (parseDurationMs(LEAST_GRACE) as number))
    return `grace: ${given.grace} is too short; the least is ${LEAST_GRACE}`;
  return all;
}

/** Why a record stays, with the bytes that it needs; the first that holds is the one that is named. */
export const KEPT_BECAUSE = [
  'held',
  'newest snapshot',
  'live',
  'asked about',
  'open cycle',
  'open import',
  'was live',
] as const;
export type KeptBecause = (typeof KEPT_BECAUSE)[number];

/** What bytes are, by the records that name them. */
export type BytesOf =
  | 'snapshot'
  | 'page'
  | 'label set'
  | 'feature set'
  | 'model'
  | 'evaluation'
  | 'another record'
  | 'imported file'
  | 'quarantine'
  | 'checkpoint'
  | 'no record'
  | 'no document'
  | 'earlier generation'
  | 'incomplete upload'
  | 'feature view';

/** What the records say of one artifact. */
export interface Standing {
  readonly what: BytesOf;
  readonly kept?: KeptBecause;
}

/** `why` of what is kept for a time alone. */
export type Kept = KeptBecause | 'retention' | 'grace';

export type Verdict =
  | { readonly keep: Kept; readonly what: BytesOf }
  | { readonly take: string; readonly what: BytesOf };

/** @param untouchedMs how long nobody has put the bytes or referred to them */
export function judgeBytes({ what, kept }: Standing, untouchedMs: number, retention: RetentionMs): Verdict {
  if (kept !== undefined) return { keep: kept, what };
  if (untouchedMs <= retention.grace) return { keep: 'grace', what };
  const limit = retention[limitOf(what)];
  if (untouchedMs <= limit) return { keep: 'retention', what };
  return { take: WHY[limitOf(what)](days(limit)), what };
}

/** Of the bucket alone. Of these, only an object that no document is of gets a document when it is taken. */
const ONLY_IN_THE_BUCKET: ReadonlySet<BytesOf> = new Set(['no document', 'earlier generation', 'incomplete upload']);

function limitOf(what: BytesOf): Exclude<keyof Retention, 'served'> {
  if (what === 'quarantine' || what === 'no record') return what === 'quarantine' ? what : 'grace';
  if (what === 'checkpoint') return 'checkpoints';
  return ONLY_IN_THE_BUCKET.has(what) ? 'grace' : 'records';
}

const WHY: Readonly<Record<Exclude<keyof Retention, 'served'>, (limit: string) => string>> = {
  grace: (limit) => `no record named it for ${limit}`,
  records: (limit) => `nothing that is live, open or held needs it, and nobody referred to it for ${limit}`,
  quarantine: (limit) => `quarantined rows are kept for ${limit}`,
  checkpoints: (limit) => `a checkpoint is kept for ${limit}`,
};

function days(ms: number): string {
  const hours = ms / 3_600_000;
  return hours % 24 === 0 ? `${hours / 24} days` : `${Math.round(hours * 10) / 10} hours`;
}

/** So much of one sort was taken, or would be, or stays. */
export interface Tally {
  readonly what: BytesOf;
  readonly why: string;
  readonly count: number;
  readonly bytes: number;
}

/** Of several batches. */
export function addTallies(...all: readonly (readonly Tally[])[]): Tally[] {
  const sums = new Map<string, Tally>();
  for (const tally of all.flat()) {
    const key = `${tally.what} ${tally.why}`;
    const before = sums.get(key);
    sums.set(key, {
      ...tally,
      count: tally.count + (before?.count ?? 0),
      bytes: tally.bytes + (before?.bytes ?? 0),
    });
  }
  return [...sums.values()].sort((a, b) => (`${a.what} ${a.why}` < `${b.what} ${b.why}` ? -1 : 1));
}

/** Digests in a record's artifacts and body, and which of them are quarantined rows. */
export function* digestsIn(
  value: unknown,
  quarantine = false
): Generator<{ readonly digest: Digest; readonly quarantine: boolean }> {
  if (typeof value === 'string') {
    if (/^sha256:[0-9a-f]{64}$/.test(value)) yield { digest: value as Digest, quarantine };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const { name } = value as { readonly name?: unknown };
  const inQuarantine = quarantine || (typeof name === 'string' && name.startsWith('quarantine-'));
  for (const part of Object.values(value)) yield* digestsIn(part, inQuarantine);
}

/** A person's order that a record, and all that it was made from, stays. Mutable: released once. */
export interface HoldDocument {
  /** Chosen by the person, or a random one. */
  readonly _id: string;
  readonly v: 1;
  readonly record: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly by: string;
  readonly callerIdentity: string;
  readonly since: Date;
  readonly released?: {
    readonly at: Date;
    readonly by: string;
    readonly reason: string;
    readonly callerIdentity: string;
  };
}

/** Where a run of housekeeping is; its pass over the documents, the bucket's objects, its uploads, each in order, and feature views. */
export interface Cursor {
  readonly stage: 'documents' | 'objects' | 'uploads' | 'views' | 'done';
  readonly after: string;
}

export interface HousekeepingInput {
  readonly v: 1;
  /** Only counts. */
  readonly dryRun?: boolean;
  /** Set by a run that continues as new. */
  readonly progress?: HousekeepingProgress;
}

export interface HousekeepingProgress {
  readonly cursor: Cursor;
  readonly took: readonly Tally[];
  readonly kept: readonly Tally[];
  /** The worker's. */
  readonly retention?: Retention;
}

export interface HousekeepingResult {
  readonly dryRun: boolean;
  /** Of a dry run: what would be taken. */
  readonly taken: readonly Tally[];
  readonly kept: readonly Tally[];
  readonly retention?: Retention;
}
