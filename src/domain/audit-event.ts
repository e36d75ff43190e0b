/** What happened, by whom: an event of a project's audit. */
import type { Digest } from './refs';

/** Append-only and hash-chained per project; `_id` comes from the event's cause, so it is there once. */
export interface AuditEvent {
  readonly _id: string;
  readonly v: 1;
  readonly project: string;
  readonly sequence: number;
  readonly at: Date;
  readonly what: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The record that was written with the event, by the digest of all of it: neither can change alone. */
  readonly record?: { readonly kind: string; readonly id: string; readonly digest: Digest };
  readonly previous: Digest;
  readonly digest: Digest;
}
