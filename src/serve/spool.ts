/**
 * The local spool: what was promised to callers and is not yet in MongoDB. Append-only files of lines, written
 * (write(2), not fsynced) before the answer goes out: they survive a kill -9 of the process, not a power cut.
 *
 *   <folder>/000000000007.jsonl   segments; each start and each `segmentBytes` begins a new one
 *   <folder>/position.json        {segment, offset, note}: everything before it is in MongoDB
 *
 * Lines of one turn of the event loop are one write. Whole segments are deleted once shipped. Bytes are bounded: a full
 * spool refuses, it never drops.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError } from '../domain/errors';
import { PerTurn } from './per-turn';

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly segmentBytes?: number;
}

export interface SpoolPosition {
  readonly segment: number;
  readonly offset: number;
}

export interface SpoolBatch {
  /** Whole lines, in the order they were appended. */
  readonly lines: readonly string[];
  /** To be given to `shipped` once all of them are stored. */
  readonly end: SpoolPosition;
  /** As many as are read at once: more may wait. */
  readonly full: boolean;
}

interface Waiting {
  readonly line: string;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const SEGMENT_BYTES = 4 << 20;
const READ_BYTES = 1 << 18;
const NEWLINE = 10;

export class Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  /** Number → bytes on disk, oldest first; the last one is written to. */
  readonly #segments = new Map<number, number>();
  #active: number;
  #file: number;
  #position: SpoolPosition;
  #note: unknown;
  #bytes = 0;
  readonly #turn = new PerTurn<Waiting>((group) => this.#writeGroup(group));

  /** Opens the folder, and takes up where the last process stopped. */
  constructor({ folder, maxBytes, segmentBytes = SEGMENT_BYTES }: SpoolOptions) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentBytes = Math.min(segmentBytes, Math.ceil(maxBytes / 4));
    const saved = savedPosition(folder);
    const numbers = readdirSync(folder)
      .flatMap((name) => (/^\d{12}\.jsonl$/.test(name) ? [Number.parseInt(name, 10)] : []))
      .sort((a, b) => a - b);
    for (const number of numbers) this.#keep(number, statSync(this.#path(number)).size);
    this.#active = Math.max(saved?.segment ?? 0, numbers.at(-1) ?? 0) + 1;
    this.#position = saved ?? { segment: numbers[0] ?? this.#active, offset: 0 };
    this.#note = saved?.note;
    this.#file = this.#begin(this.#active);
  }

  /** What was given to `shipped` with the position, by this process or the one before. */
  get note(): unknown {
    return this.#note;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Part of the bytes that it may take, 0 to 1. */
  get filled(): number {
    return this.#bytes / this.#maxBytes;
  }

  /** True when everything that was written is shipped. */
  get empty(): boolean {
    if (this.#turn.waiting > 0) return false;
    for (const [number, bytes] of this.#segments) {
      if (number > this.#position.segment && bytes > 0) return false;
      if (number === this.#position.segment && bytes > this.#position.offset) return false;
    }
    return true;
  }

  /**
   * Resolves when the line is written.
   * @throws MlopsError MLOPS_SPOOL_FULL: nothing of the line was kept
   */
  append(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes + bytes > this.#maxBytes) {
      return Promise.reject(full('The spool is full.', { bytes: this.#bytes, limit: this.#maxBytes }));
    }
    this.#bytes += bytes;
    return new Promise((resolve, reject) => this.#turn.add({ line, bytes, resolve, reject }));
  }

  /** The next lines to ship, about `READ_BYTES` of them; the same again until they are `shipped`. */
  async next(): Promise<SpoolBatch | undefined> {
    for (;;) {
      const { segment, offset } = this.#position;
      const batch = await linesFrom(this.#path(segment), offset, this.#segments.get(segment) ?? 0);
      if (batch !== undefined)
        return { lines: batch.lines, end: { segment, offset: batch.end }, full: batch.end - offset >= READ_BYTES / 2 };
      if (segment >= this.#active) return undefined;
      await this.#delete(segment);
      const following = [...this.#segments.keys()].find((number) => number > segment) ?? this.#active;
      this.#position = { segment: following, offset: 0 };
    }
  }

  /**
   * Everything before `end` is stored; `note` is kept beside it, for the next process.
   * @throws when the position can't be kept; this process goes on from it all the same, the next one would ship again
   */
  async shipped(end: SpoolPosition, note: unknown): Promise<void> {
    this.#position = end;
    this.#note = note;
    try {
      await this.#save();
    } catch (error) {
      if (!isFull(error)) throw error;
      // What is shipped makes the room: waiting for it would be for ever.
      await this.#free();
      await this.#save();
    }
  }

  async #save(): Promise<void> {
    const path = join(this.#folder, 'position.json');
    await writeFile(`${path}.new`, JSON.stringify({ ...this.#position, note: this.#note }));
    await rename(`${path}.new`, path);
  }

  /** Deletes what is shipped: the active segment, too, once nothing else is in it. */
  async #free(): Promise<void> {
    const { segment, offset } = this.#position;
    if (segment === this.#active && offset > 0 && offset === this.#segments.get(segment)) this.#nextSegment();
    for (const number of [...this.#segments.keys()]) {
      const whole =
        number < segment || (number === segment && segment < this.#active && offset === this.#segments.get(number));
      if (whole) await this.#delete(number);
    }
  }

  async #delete(number: number): Promise<void> {
    await rm(this.#path(number), { force: true });
    this.#bytes -= this.#segments.get(number) ?? 0;
    this.#segments.delete(number);
  }

  #nextSegment(): void {
    const file = this.#begin(this.#active + 1);
    closeSync(this.#file);
    this.#file = file;
    this.#active += 1;
  }

  /** Lines that the process before left unshipped, newest segments of at most `maxBytes` in all. */
  async *left(maxBytes: number): AsyncGenerator<string> {
    let bytes = 0;
    const numbers = [...this.#segments.keys()]
      .filter((number) => number >= this.#position.segment && number < this.#active)
      .reverse()
      .filter((number) => (bytes += this.#segments.get(number) ?? 0) <= maxBytes)
      .reverse();
    for (const number of numbers) {
      let offset = number === this.#position.segment ? this.#position.offset : 0;
      for (;;) {
        const batch = await linesFrom(this.#path(number), offset, this.#segments.get(number) ?? 0);
        if (batch === undefined) break;
        yield* batch.lines;
        offset = batch.end;
      }
    }
  }

  close(): void {
    this.#turn.flush();
    closeSync(this.#file);
  }

  #writeGroup(group: readonly Waiting[]): void {
    let text = '';
    for (const { line } of group) text += `${line}\n`;
    try {
      this.#write(Buffer.from(text));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      for (const { bytes } of group) this.#bytes -= bytes;
      for (const { reject } of group) reject(full(`The disk refuses: ${reason}.`, {}, cause));
      return;
    }
    for (const { resolve } of group) resolve();
  }

  #write(buffer: Buffer): void {
    const size = this.#segments.get(this.#active) ?? 0;
    if (size > 0 && size + buffer.length > this.#segmentBytes) {
      this.#nextSegment();
      return this.#write(buffer);
    }
    try {
      for (let done = 0; done < buffer.length; ) done += writeSync(this.#file, buffer, done);
    } catch (error) {
      // Half a line would become the beginning of the next one.
      ftruncateSync(this.#file, size);
      throw error;
    }
    this.#segments.set(this.#active, size + buffer.length);
  }

  #begin(number: number): number {
    const file = openSync(this.#path(number), 'a');
    this.#segments.set(number, 0);
    return file;
  }

  #keep(number: number, bytes: number): void {
    this.#segments.set(number, bytes);
    this.#bytes += bytes;
  }

  #path(number: number): string {
    return join(this.#folder, `${String(number).padStart(12, '0')}.jsonl`);
  }
}

/**
 * Whole lines of [offset, size), about READ_BYTES; undefined when there are none. A torn line at the end of a segment
 * was never acknowledged: it's left out.
 */
async function linesFrom(path: string, offset: number, size: number) {
  if (offset >= size) return undefined;
  const file = await open(path, 'r');
  try {
    for (let limit = READ_BYTES; ; limit *= 2) {
      const buffer = Buffer.allocUnsafe(Math.min(limit, size - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      const last = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (last >= 0) return { lines: buffer.toString('utf8', 0, last).split('\n'), end: offset + last + 1 };
      if (bytesRead < limit) return undefined;
    }
  } finally {
    await file.close();
  }
}

function savedPosition(folder: string): (SpoolPosition & { note: unknown }) | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'position.json'), 'utf8')) as SpoolPosition & { note: unknown };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function full(what: string, where: Readonly<Record<string, number>>, cause?: unknown): MlopsError {
  return new MlopsError('MLOPS_SPOOL_FULL', what, where, 'Try again; is MongoDB up?', { cause });
}
