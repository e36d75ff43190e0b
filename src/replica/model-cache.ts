/** Models' bytes on the replica's own disk, checked against their digest each time they are read. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../domain/refs';

/** A rollback, and the one before, need no download. */
const KEPT = 8;

export interface ArtifactSource {
  /** Downloads to `path`; checks the digest. */
  download(digest: Digest, path: string): Promise<void>;
}

export class ModelCache {
  readonly #folder: string;
  readonly #source: ArtifactSource;

  constructor(folder: string, source: ArtifactSource) {
    this.#folder = folder;
    this.#source = source;
  }

  /** From disk alone; undefined when it isn't there, or spoilt. */
  async onDisk(digest: Digest): Promise<Uint8Array | undefined> {
    const path = this.#path(digest);
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined) return undefined;
    if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest) {
      await rm(path, { force: true });
      return undefined;
    }
    const now = new Date();
    await utimes(path, now, now);
    return bytes;
  }

  async bytes(digest: Digest): Promise<Uint8Array> {
    const cached = await this.onDisk(digest);
    if (cached !== undefined) return cached;
    await this.#source.download(digest, this.#path(digest));
    await this.#trim();
    return readFile(this.#path(digest));
  }

  async #trim(): Promise<void> {
    const files = await Promise.all(
      (await readdir(this.#folder)).map(async (name) => {
        const path = join(this.#folder, name);
        return { path, usedAt: (await stat(path)).mtimeMs };
      })
    );
    const old = files.sort((a, b) => b.usedAt - a.usedAt).slice(KEPT);
    await Promise.all(old.map(({ path }) => rm(path, { force: true })));
  }

  #path(digest: Digest): string {
    return join(this.#folder, digest.slice('sha256:'.length));
  }
}
