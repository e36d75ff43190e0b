/**
 * SHA-256 of JSON, bytes and files, written `sha256:` + 64 hex digits. JSON is hashed in one canonical form
 * (RFC 8785), so that the order in which keys were written, and a trip through a store, change nothing.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
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

const READ_BYTES = 2 ** 20;

/**
 * Digest of a local file, read piece by piece into one buffer: a stream's new one for each piece keeps the garbage collector busier
 * than the hash. Rejects as `fs` does where the file can't be read.
 */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) return `sha256:${hash.digest('hex')}`;
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
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
