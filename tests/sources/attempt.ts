/** One attempt at a remote file, as the activity makes it: what is whole is remembered. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../src/domain/refs';
import { type Fetched, fetchFile } from '../../src/sources/fetch-file';
import type { RemoteFile } from '../../src/sources/remote-file';
import { SourceCache } from '../../src/sources/source-cache';

export interface AttemptOptions {
  readonly stored?: ReadonlySet<Digest>;
  readonly left?: number;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

let attempts = 0;

export async function attempt(
  folder: string,
  remote: RemoteFile,
  { stored, left = 1e9, signal = new AbortController().signal, onBytes = () => undefined }: AttemptOptions = {}
): Promise<Fetched & { readonly text: string }> {
  const cache = new SourceCache(folder);
  await cache.prepare();
  const to = join(folder, `attempt-${(attempts += 1)}`);
  const isStored = async (digest: Digest) => stored?.has(digest) ?? false;
  const fetched = await fetchFile(remote, { cache, to, left, silenceMs: 5_000, signal, isStored, onBytes });
  const { identity, digest, bytes } = fetched;
  if (fetched.isNew) await cache.remember(remote.key, identity === undefined ? undefined : { identity, digest, bytes });
  return { ...fetched, text: await readFile(to, 'utf8') };
}
