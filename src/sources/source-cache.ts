/**
 * What a worker remembers of remote files, in a folder of its owner alone: the digest of each that it has fetched whole, by
 * what its server called that state; and finished parts of those that were cut off. A part's name holds its digest and its
 * place, so that attempts at once write the same files, and what a crash left half is not taken.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS } from '../domain/durations';
import type { Digest } from '../domain/refs';
import { digestOfBytes } from '../runtime/digest';
import { preparePrivate } from '../runtime/private-folder';

/** Size of a part; only the bytes after the last full one are not kept. */
export const PART_BYTES = 8 * 2 ** 20;

export interface Known {
  readonly identity: string;
  readonly digest: Digest;
  readonly bytes: number;
}

const PARTS_FOR_MS = 2 * DAY_MS;
const KNOWN_FOR_MS = 90 * DAY_MS;

export class SourceCache {
  readonly #folder: string;

  /** @param workFolder the worker's */
  constructor(workFolder: string) {
    this.#folder = join(workFolder, 'sources');
  }

  async prepare(): Promise<void> {
    await preparePrivate(this.#folder);
  }

  async known(key: string): Promise<Known | undefined> {
    const text = await readFile(join(this.#of(key), 'known.json'), 'utf8').catch(() => undefined);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as Known);
    } catch {
      return undefined;
    }
  }

  /** The file is whole and stored: its parts are of no more use. */
  async remember(key: string, known: Known | undefined): Promise<void> {
    if (known !== undefined) await this.#put(this.#of(key), 'known.json', JSON.stringify(known));
    await this.forgetParts(key);
  }

  async keepPart(key: string, identity: string, index: number, bytes: Buffer): Promise<void> {
    const folder = this.#partsOf(key, identity);
    if (index === 0) await this.#put(folder, 'identity', identity);
    const digest = digestOfBytes(bytes).slice('sha256:'.length);
    await this.#put(folder, `${String(index).padStart(6, '0')}-${digest}`, bytes);
  }

  /** What an earlier attempt was fetching last. */
  async unfinished(key: string): Promise<string | undefined> {
    const folders = (await namesIn(this.#of(key))).filter((name) => name.startsWith('parts-'));
    const found = await Promise.all(
      folders.map(async (name) => {
        const file = join(this.#of(key), name, 'identity');
        const at = await stat(file).catch(() => undefined);
        return { at: at?.mtimeMs ?? 0, identity: await readFile(file, 'utf8').catch(() => '') };
      })
    );
    return found.filter(({ identity }) => identity !== '').sort((a, b) => b.at - a.at)[0]?.identity;
  }

  /** The finished parts from the file's first byte on, each checked against its digest. */
  async *parts(key: string, identity: string): AsyncGenerator<Buffer> {
    const folder = this.#partsOf(key, identity);
    const names = new Set(await namesIn(folder));
    for (let index = 0; ; index += 1) {
      const prefix = `${String(index).padStart(6, '0')}-`;
      const name = [...names].find((each) => each.startsWith(prefix));
      const bytes = name === undefined ? undefined : await readFile(join(folder, name)).catch(() => undefined);
      if (bytes?.length !== PART_BYTES || digestOfBytes(bytes) !== `sha256:${name!.slice(prefix.length)}`) return;
      yield bytes;
    }
  }

  /** All parts of the file, but those of this identity. */
  async forgetParts(key: string, but?: string): Promise<void> {
    const kept = but === undefined ? undefined : this.#partsOf(key, but);
    for (const name of await namesIn(this.#of(key))) {
      const folder = join(this.#of(key), name);
      if (name.startsWith('parts-') && folder !== kept) await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes what nobody came back for. */
  async sweep(): Promise<void> {
    const now = Date.now();
    for (const name of await namesIn(this.#folder)) {
      const of = join(this.#folder, name);
      for (const each of await namesIn(of)) {
        const { mtimeMs } = (await stat(join(of, each)).catch(() => undefined)) ?? { mtimeMs: now };
        const keptFor = each === 'known.json' ? KNOWN_FOR_MS : PARTS_FOR_MS;
        if (now - mtimeMs > keptFor) await rm(join(of, each), { recursive: true, force: true });
      }
    }
  }

  #of(key: string): string {
    return join(this.#folder, hexOf(key));
  }

  #partsOf(key: string, identity: string): string {
    return join(this.#of(key), `parts-${hexOf(identity)}`);
  }

  /** Whole, or not at all. */
  async #put(folder: string, name: string, content: string | Buffer): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      await writeFile(temporary, content, { mode: 0o600 });
      await rename(temporary, join(folder, name));
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

function hexOf(text: string): string {
  return digestOfBytes(Buffer.from(text)).slice('sha256:'.length);
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
