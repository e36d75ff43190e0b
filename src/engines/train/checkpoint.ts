/**
 * A checkpoint of a network: everything that a run needs to go on as if it had never stopped, in one file
 * (checkpoint-file.ts) whose numbers are step float64 · parameters, mean, square float32 [P] each, and the best epoch's parameters
 * where validation rows say which that is.
 *
 * The shuffle needs no state of its own: it is made from the seed and the epoch.
 */
import type { EpochMetrics } from '../../domain/records';
import { type Begun, readCheckpointFile, writeCheckpointFile, writeWhole } from './checkpoint-file';

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

export interface Checkpoint extends Begun {
  readonly cursor: Cursor;
  readonly state: TrainingState;
  /** The best epoch's parameters, where validation rows say which that is. */
  readonly best: Float32Array | undefined;
}

type Header = Omit<Checkpoint, 'state' | 'best'> & { readonly parameters: number; readonly hasBest: boolean };

/** Writes the file whole or not at all; returns its name in `folder`. */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<string> {
  return writeCheckpointFile(folder, checkpoint.state.step, ...partsOf(checkpoint));
}

/** The same under a name of its own: it stays when later checkpoints come. */
export function writeState(folder: string, file: string, checkpoint: Checkpoint): Promise<void> {
  return writeWhole(folder, file, ...partsOf(checkpoint));
}

function partsOf({ state, best, ...rest }: Checkpoint): [Header, (Float32Array | Float64Array)[]] {
  const header: Header = { ...rest, parameters: state.parameters.length, hasBest: best !== undefined };
  const vectors = [state.parameters, state.mean, state.square, ...(best === undefined ? [] : [best])];
  return [header, [new Float64Array([state.step]), ...vectors]];
}

/** @throws MlopsError MLOPS_CHECKPOINT_INVALID: unreadable, damaged, of another version, or of another run. */
export async function readCheckpoint(path: string, run: string): Promise<Checkpoint> {
  const { header, numbers } = await readCheckpointFile<Header>(path, run);
  const { parameters: size, hasBest, ...rest } = header;
  const tensor = (place: number) => new Float32Array(numbers, 8 + 4 * size * place, size);
  const step = new Float64Array(numbers, 0, 1)[0]!;
  const state = { step, parameters: tensor(0), mean: tensor(1), square: tensor(2) };
  return { ...rest, state, best: hasBest ? tensor(3) : undefined };
}
