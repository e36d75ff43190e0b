/**
 * SHA-256 of JSON, bytes and files, written `sha256:` + 64 hex digits. JSON is hashed in one canonical form
 * (RFC 8785), so that the order in which keys were written, and a trip through a store, change nothing.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import canonicalize from 'canonicalize';
import type { Digest } from '../domain/refs';

/**
 * The one text of a JSON value: RFC 8785, keys sorted by UTF-16 code units, no spaces. Keys whose value is
 * undefined are left out, as `JSON.stringify` does.
 * @throws TypeError for what JSON can't say (NaN, functions, maps, bigints): two such values could look alike.
 */
export function canonicalJson(value: unknown): string {
  refuseNonJson(value, '$');
  return canonicalize(value) as string;
}

/** Digest of a JSON value's canonical text in UTF-8. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(Buffer.from(canonicalJson(value), 'utf8'));
}

export function digestOfBytes(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Digest of a local file, read in chunks of 1 MiB. Rejects as `fs` does where it can't be read. */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

function refuseNonJson(value: unknown, path: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value !== 'object') throw notJson(path, typeof value === 'number' ? String(value) : typeof value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return refuseNonJson(value.toJSON(), path);
  if (Array.isArray(value)) return value.forEach((element, at) => refuseNonJson(element, `${path}[${at}]`));
  // By its tag, not by instanceof: objects of another realm (vm, jest) have another Object.prototype.
  const tag = Object.prototype.toString.call(value);
  if (tag !== '[object Object]') throw notJson(path, tag);
  for (const [key, element] of Object.entries(value)) {
    if (element !== undefined) refuseNonJson(element, `${path}.${key}`);
  }
}

function notJson(path: string, found: string): TypeError {
  return new TypeError(`only JSON has a digest; ${path} is ${found}`);
}
