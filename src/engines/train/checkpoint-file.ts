/**
 * A file of a checkpoint: a header and numbers.
 *
 *   bytes 0–7 'MLOPSCKP' · uint32 version · uint32 length of the header · header, JSON padded with blanks to 8 bytes ·
 *   numbers, little-endian · SHA-256 of all that
 */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError } from '../../domain/errors';
import type { OnnxEnvironment } from '../onnx/environment';

const MAGIC = 'MLOPSCKP';
const VERSION = 1;
const DIGEST_BYTES = 32;

/** In every header. */
export interface Begun {
  /** Digest of what the run is: its spec, seed and rows. */
  readonly run: string;
  readonly environment: OnnxEnvironment;
  /** Whether a part of the run was done in another environment. */
  readonly mixed: boolean;
}

/** What was begun, here. */
export function goingOn<H extends Begun>(header: H, environment: OnnxEnvironment): H {
  const elsewhere = JSON.stringify(header.environment) !== JSON.stringify(environment);
  return { ...header, environment, mixed: header.mixed || elsewhere };
}

type Numbers = readonly (Float32Array | Float64Array)[];

/** Writes the file of a step; returns its name in `folder`. */
export async function writeCheckpointFile(
  folder: string,
  step: number,
  header: Begun,
  numbers: Numbers = []
): Promise<string> {
  const file = `checkpoint-${String(step).padStart(9, '0')}.bin`;
  await writeWhole(folder, file, header, numbers);
  return file;
}

/** Writes the file whole or not at all. */
export async function writeWhole(folder: string, file: string, header: Begun, numbers: Numbers): Promise<void> {
  const path = join(folder, file);
  await writeFile(`${path}.part`, encode(header, numbers));
  await rename(`${path}.part`, path);
}

/**
 * @param run digest of the run that goes on
 * @throws MlopsError MLOPS_CHECKPOINT_INVALID: unreadable, damaged, of another version, or of another run.
 */
export async function readCheckpointFile<H extends Begun>(
  path: string,
  run: string
): Promise<{ readonly header: H; readonly numbers: ArrayBuffer }> {
  const decoded = decode<H>(await readFile(path), path);
  if (decoded.header.run === run) return decoded;
  throw invalid(path, 'The checkpoint belongs to another run (other model, seed or rows).');
}

function encode(header: Begun, numbers: Numbers): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const start = Buffer.alloc(16);
  start.write(MAGIC, 'latin1');
  start.writeUInt32LE(VERSION, 8);
  start.writeUInt32LE(padded.length, 12);
  const bytes = numbers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  const body = Buffer.concat([start, padded, ...bytes]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

function decode<H>(file: Buffer, path: string): { readonly header: H; readonly numbers: ArrayBuffer } {
  if (file.length < 16 + DIGEST_BYTES || file.toString('latin1', 0, 8) !== MAGIC) {
    throw invalid(path, 'The file is not a checkpoint.');
  }
  if (file.readUInt32LE(8) !== VERSION) throw invalid(path, `The checkpoint has version ${file.readUInt32LE(8)}.`);
  const body = file.subarray(0, -DIGEST_BYTES);
  if (!createHash('sha256').update(body).digest().equals(file.subarray(-DIGEST_BYTES))) {
    throw invalid(path, 'The checkpoint is damaged: its digest differs.');
  }
  const headerEnd = 16 + file.readUInt32LE(12);
  const header = JSON.parse(body.toString('utf8', 16, headerEnd)) as H;
  // A copy, because views need an offset that fits their elements.
  return { header, numbers: new Uint8Array(body.subarray(headerEnd)).buffer };
}

function invalid(path: string, what: string): MlopsError {
  return new MlopsError('MLOPS_CHECKPOINT_INVALID', what, { file: path }, 'Start the run without it.');
}
