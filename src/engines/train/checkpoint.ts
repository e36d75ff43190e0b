/**
 * A checkpoint: everything that a run needs to go on as if it had never stopped, in one file.
 *
 *   bytes 0–7 'MLOPSCKP' · uint32 version · uint32 length of the header · header, JSON padded with blanks to 8 bytes ·
 *   step float64 · parameters, mean, square float32 [P] each · SHA-256 of all that; numbers little-endian
 *
 * The shuffle needs no state of its own: it is made from the seed and the epoch.
 */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError } from '../../domain/errors';
import type { EpochMetrics } from '../../domain/records';
import type { OnnxEnvironment } from '../onnx/environment';

const MAGIC = 'MLOPSCKP';
const VERSION = 1;
const DIGEST_BYTES = 32;

export interface TrainingState {
  /** Steps taken in the whole run. */
  readonly step: number;
  /** θ and Adam's m and v, [P] each. */
  readonly parameters: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

export interface Cursor {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done of the next one. */
  readonly step: number;
  /** Sum of its rows' losses so far. */
  readonly lossSum: number;
  /** What the epochs before it gave. */
  readonly epochs: readonly EpochMetrics[];
}

export interface Checkpoint {
  /** Digest of what the run is: its network, seed and rows. */
  readonly run: string;
  readonly cursor: Cursor;
  readonly state: TrainingState;
  readonly environment: OnnxEnvironment;
  /** Whether a part of the run was done in another environment. */
  readonly mixed: boolean;
}

/** Writes the file whole or not at all; returns its name in `folder`. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  const file = `checkpoint-${String(checkpoint.state.step).padStart(9, '0')}.bin`;
  const path = join(folder, file);
  await writeFile(`${path}.part`, encodeCheckpoint(checkpoint));
  await rename(`${path}.part`, path);
  return file;
}

/** @throws MlopsError MLOPS_CHECKPOINT_INVALID: unreadable, damaged, of another version, or of another run. */
export async function readCheckpoint(path: string, run: string): Promise<Checkpoint> {
  const checkpoint = decodeCheckpoint(await readFile(path), path);
  if (checkpoint.run === run) return checkpoint;
  throw invalid(path, 'The checkpoint belongs to another run (other network, seed or rows).');
}

function encodeCheckpoint({ state, ...rest }: Checkpoint): Uint8Array {
  const json = JSON.stringify({ ...rest, parameters: state.parameters.length });
  const text = Buffer.from(json);
  const header = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const start = Buffer.alloc(16);
  start.write(MAGIC, 'latin1');
  start.writeUInt32LE(VERSION, 8);
  start.writeUInt32LE(header.length, 12);
  const tensors = [new Float64Array([state.step]), state.parameters, state.mean, state.square];
  const bytes = tensors.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  const body = Buffer.concat([start, header, ...bytes]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

function decodeCheckpoint(file: Buffer, path: string): Checkpoint {
  if (file.length < 16 + DIGEST_BYTES || file.toString('latin1', 0, 8) !== MAGIC) {
    throw invalid(path, 'The file is not a checkpoint.');
  }
  if (file.readUInt32LE(8) !== VERSION) throw invalid(path, `The checkpoint has version ${file.readUInt32LE(8)}.`);
  const body = file.subarray(0, -DIGEST_BYTES);
  if (!createHash('sha256').update(body).digest().equals(file.subarray(-DIGEST_BYTES))) {
    throw invalid(path, 'The checkpoint is damaged: its digest differs.');
  }
  const headerEnd = 16 + file.readUInt32LE(12);
  const { parameters: size, ...rest } = JSON.parse(body.toString('utf8', 16, headerEnd)) as Omit<
    Checkpoint,
    'state'
  > & {
    readonly parameters: number;
  };
  // A copy, because views need an offset that fits their elements.
  const { buffer } = new Uint8Array(body.subarray(headerEnd));
  const tensor = (place: number) => new Float32Array(buffer, 8 + 4 * size * place, size);
  const step = new Float64Array(buffer, 0, 1)[0]!;
  return { ...rest, state: { step, parameters: tensor(0), mean: tensor(1), square: tensor(2) } };
}

function invalid(path: string, what: string): MlopsError {
  return new MlopsError('MLOPS_CHECKPOINT_INVALID', what, { file: path }, 'Start the run without it.');
}
