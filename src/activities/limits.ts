/** A worker's ceilings. Each has a code of its own, and what exceeds it fails with its name. Bytes and milliseconds. */
import { totalmem } from 'node:os';
import { IMPORT_BYTES } from '../domain/imported-model';
import { withLimits } from '../runtime/with-limits';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Limits {
  /** Resident memory of a compute child. `MLOPS_OUT_OF_MEMORY`. Default: three quarters of the machine's or container's. */
  readonly computeMemory: number;
  /** DuckDB's within a child; what doesn't fit goes to the attempt's folder. `MLOPS_OUT_OF_MEMORY`. Default: 2 GB. */
  readonly databaseMemory: number;
  /** A compute child without a sign of progress. `MLOPS_COMPUTE_SILENT`. Default: 5 minutes. */
  readonly computeSilence: number;
  /** Resident memory of a process that runs registered code. `MLOPS_OUT_OF_MEMORY`. Default: as `computeMemory`. */
  readonly codeMemory: number;
  /** Registered code that yields nothing and calls no `progress`. `MLOPS_COMPUTE_SILENT`. Default: 30 minutes. */
  readonly codeSilence: number;
  /** One run of registered code. `MLOPS_TIME_LIMIT`. Default: 12 hours. */
  readonly codeTime: number;
  /** One call of a registered notifier; the notice is tried again. `MLOPS_NOTICE_UNDELIVERED`. Default: 30 seconds. */
  readonly notifierTime: number;
  /** Bytes of one checkpoint; a larger one isn't saved, and training goes on. `MLOPS_CHECKPOINT_TOO_LARGE` in the log. Default: 4 GiB. */
  readonly checkpointBytes: number;
  /** Between two checkpoints of a training; one is written at the end of a step, round or chunk of an epoch. Default: 3 seconds. */
  readonly checkpointEvery: number;
  /** Downloaded artifacts that are kept on the worker's disk. What was used within the hour stays. Default: 10 GiB. */
  readonly cacheBytes: number;
  /** Parts that a registered reader may yield at once. `MLOPS_TOO_MANY_PARTS`. Default: 10,000. */
  readonly readerParts: number;
  /** Files that a source's path may match. `MLOPS_TOO_MANY_FILES`. Default: 10,000. */
  readonly sourceFiles: number;
  /** Bytes of a source's files together; of one packed file, what it unpacks to. `MLOPS_SOURCE_TOO_LARGE`. Default: 100 GiB. */
  readonly sourceBytes: number;
  /** Rows of a source's files together, counted before any is ranked, sorted or written. `MLOPS_TOO_MANY_ROWS`. Default: 1 billion. */
  readonly sourceRows: number;
  /** New columns and categories of one batch that approvers are asked about. `MLOPS_TOO_MUCH_NEW`. Default: 1,000. */
  readonly newNames: number;
  /** Rows that a statement of a prepared source may give. `MLOPS_TOO_MANY_ROWS`. Default: 100 million. */
  readonly preparedRows: number;
  /** Fetching a source's remote files, all together; what was fetched stays. `MLOPS_TIME_LIMIT`. Default: 6 hours. */
  readonly sourceTime: number;
  /** A source's server that sends no byte; it is tried again. `MLOPS_SOURCE_AWAY`. Default: 1 minute. */
  readonly sourceSilence: number;
  /** Bytes of one line of CSV or JSON Lines. `MLOPS_LINE_TOO_LONG`. Default: 4 MiB. */
  readonly sourceLineBytes: number;
  /** Bytes of an imported model, and of its parity file. `MLOPS_MODEL_TOO_LARGE`. Default: 1 GiB; ONNX itself ends at 2 GB. */
  readonly importBytes: number;
}

export function defaultLimits(): Limits {
  const memory = Math.max(GIB, Math.floor(0.75 * machineMemory()));
  return {
    computeMemory: memory,
    databaseMemory: 2_000_000_000,
    computeSilence: 5 * MINUTE_MS,
    codeMemory: memory,
    codeSilence: 30 * MINUTE_MS,
    codeTime: 12 * HOUR_MS,
    notifierTime: 30_000,
    checkpointBytes: 4 * GIB,
    checkpointEvery: 3_000,
    cacheBytes: 10 * GIB,
    readerParts: 10_000,
    sourceFiles: 10_000,
    sourceBytes: 100 * GIB,
    sourceRows: 1_000_000_000,
    newNames: 1_000,
    preparedRows: 100_000_000,
    sourceTime: 6 * HOUR_MS,
    sourceSilence: MINUTE_MS,
    sourceLineBytes: 4 * MIB,
    importBytes: IMPORT_BYTES,
  };
}

/** @throws MlopsError MLOPS_CONFIGURATION */
export function limitsWith(given: Readonly<Record<string, unknown>> = {}): Limits {
  return withLimits(defaultLimits(), given);
}

/** The container's, where it is smaller than the machine's. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 64 * MIB && constrained < totalmem() ? constrained : totalmem();
}
