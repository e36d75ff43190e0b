/**
 * Compute in child processes: one job, one child. SIGKILL cancels at once, whatever native code it is in, and a
 * crash costs one attempt, never the worker.
 */
import type { ChildProcess } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { RunJob, RunJobOptions } from '../../activities/deps';
import type { Limits } from '../../activities/limits';
import type { ErrorCode, Where } from '../../domain/errors';
import { MlopsError } from '../../domain/errors';
import { runsUserCode } from './jobs';
import { type ChildMemory, residentMemory, startChild } from './process';
import type { Failed, FromChild, FromWorker } from './protocol';
import { Spare } from './spare';

/** Last characters of what a child printed that an error quotes. */
const TAIL = 2_000;
/** A child that has ended may have said something that is still under way. */
const LAST_WORDS_MS = 200;
const WATCH_MS = 500;

/** The ceilings of one job. */
interface Ceilings extends ChildMemory {
  readonly silence: number;
  readonly time: number;
}

export interface ComputePool {
  readonly runJob: RunJob;
  /** From now on a child is started ahead, for the job that comes next. */
  open(): void;
  /** Ends every child that it has started, and starts no more. */
  close(): void;
}

export function computePool(limits: Limits): ComputePool {
  const children = new Set<ChildProcess>();
  let closed = false;
  const start = (ceilings: Ceilings, userCode: boolean): ChildProcess => {
    const child = startChild(ceilings, userCode);
    children.add(child);
    const forget = (): void => void children.delete(child);
    // A process that could not be started never exits.
    child.once('exit', forget).once('error', () => child.pid === undefined && forget());
    return child;
  };
  const spare = new Spare(() => start(ceilingsOf('spare', limits), false));
  const runJob: RunJob = async (job, input, options) => {
    options.signal.throwIfAborted();
    if (closed) throw crashed(job, 'its worker has ended', '');
    const ceilings = ceilingsOf(job, limits);
    const userCode = runsUserCode(job);
    const ready = userCode ? undefined : spare.take();
    let taken = false;
    const onTaken = (): void => {
      taken = true;
    };
    try {
      return await run<never>(job, input, options, ceilings, ready ?? start(ceilings, userCode), onTaken);
    } catch (error) {
      // A spare child that ended while it waited costs no attempt: its job had not begun.
      if (ready === undefined || taken || closed || options.signal.aborted) throw error;
      return await run<never>(job, input, options, ceilings, start(ceilings, userCode), onTaken);
    } finally {
      spare.refill();
    }
  };
  return {
    runJob,
    open: () => spare.open(),
    close: () => {
      closed = true;
      spare.close();
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

function ceilingsOf(job: string, limits: Limits): Ceilings {
  const { databaseMemory, sourceBytes, sourceRows, sourceLineBytes } = limits;
  if (!runsUserCode(job)) {
    return {
      databaseMemory,
      sourceBytes,
      sourceRows,
      sourceLineBytes,
      memory: limits.computeMemory,
      silence: limits.computeSilence,
      time: Number.POSITIVE_INFINITY,
    };
  }
  const short = job === 'notifyCode' ? limits.notifierTime : limits.codeTime;
  return {
    databaseMemory,
    sourceBytes,
    sourceRows,
    sourceLineBytes,
    memory: limits.codeMemory,
    silence: limits.codeSilence,
    time: short,
  };
}

function run<O>(
  job: string,
  input: unknown,
  options: RunJobOptions,
  ceilings: Ceilings,
  child: ChildProcess,
  onTaken: () => void
): Promise<O> {
  return new Promise<O>((resolve, reject) => {
    const startedAt = Date.now();
    let heardAt = startedAt;
    let printed = '';
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      options.signal.removeEventListener('abort', cancel);
      clearInterval(watching);
      child.kill('SIGKILL');
      finish();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const cancel = (): void => fail(options.signal.reason);
    options.signal.addEventListener('abort', cancel, { once: true });
    const watch = async (): Promise<void> => {
      const now = Date.now();
      if (now - startedAt > ceilings.time) return fail(tooLong(job, ceilings.time));
      if (now - heardAt > ceilings.silence) return fail(silent(job, ceilings.silence));
      const resident = child.pid === undefined ? undefined : await residentMemory(child.pid);
      if (resident !== undefined && resident > ceilings.memory) fail(outOfMemory(job, ceilings.memory, resident));
    };
    const watching = setInterval(() => void watch(), WATCH_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        printed = (printed + chunk.toString()).slice(-TAIL);
      });
    }
    child.on('error', (error) => fail(crashed(job, error.message, '')));
    child.on('exit', (code, signal) => {
      const ended = (): void => fail(endOf(job, code, signal, readable(printed), ceilings.memory));
      const late = setTimeout(ended, LAST_WORDS_MS);
      child.once('close', () => {
        clearTimeout(late);
        ended();
      });
    });
    child.on('message', (message: FromChild) => {
      heardAt = Date.now();
      switch (message.type) {
        case 'taken':
          return onTaken();
        case 'progress':
          return options.onProgress?.(message.progress);
        case 'checkpoint':
          return options.onCheckpoint?.(message.file, message.step);
        case 'done':
          options.onCost?.(message.cost);
          return settle(() => resolve(message.output as O));
        case 'failed':
          return fail(failure(message, readable(printed)));
      }
    });
    child.send({ type: 'run', job, input, folder: options.folder } satisfies FromWorker, (error) => {
      // It has ended, and says how by its end.
      if (error !== null && child.exitCode === null && child.signalCode === null) fail(crashed(job, error.message, ''));
    });
  });
}

function readable(printed: string): string {
  return stripVTControlCharacters(printed).trim();
}

function failure(message: Failed, printed: string): Error {
  if (message.code === undefined) return Object.assign(new Error(message.message), { stack: message.stack });
  const error = new MlopsError(message.code as ErrorCode, message.what, message.where as Where, message.fix);
  const said = message.code === 'MLOPS_USER_CODE_FAILED' && printed !== '' ? ` It printed: ${printed}` : '';
  error.message = `${message.message}${said}`;
  return error;
}

/** V8's and C++'s own words for it. */
const NO_MEMORY = /heap out of memory|Reached heap limit|std::bad_alloc/;

function endOf(
  job: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  printed: string,
  memory: number
): MlopsError {
  const how = signal ?? `exit code ${code}`;
  if (NO_MEMORY.test(printed)) return outOfMemory(job, memory);
  if (runsUserCode(job) && signal === null) {
    return new MlopsError(
      'MLOPS_USER_CODE_FAILED',
      `Registered code ended its process (${how})${printed === '' ? '' : `. It printed: ${printed}`}.`,
      { job },
      'Throw an error instead of process.exit(); give the fixed code a new version.'
    );
  }
  return crashed(job, how, printed);
}

function crashed(job: string, how: string, printed: string): MlopsError {
  return new MlopsError(
    'MLOPS_COMPUTE_CRASHED',
    `The compute process of ${job} ended before its job: ${how}.${printed === '' ? '' : ` It printed: ${printed}`}`,
    { job, how },
    'It is started again; if it goes on, look at memory and the worker’s log.'
  );
}

function silent(job: string, forMs: number): MlopsError {
  return new MlopsError(
    'MLOPS_COMPUTE_SILENT',
    'A compute process reported no progress for too long and was ended.',
    { job, limitMs: forMs },
    'It is started again.'
  );
}

function tooLong(job: string, limitMs: number): MlopsError {
  return new MlopsError(
    'MLOPS_TIME_LIMIT',
    'Registered code ran for longer than it may and was ended.',
    { job, limitMs },
    'Make it faster, or raise the limit codeTime of the worker.'
  );
}

function outOfMemory(job: string, limit: number, resident?: number): MlopsError {
  return new MlopsError(
    'MLOPS_OUT_OF_MEMORY',
    'A compute process needed more memory than it may and was ended.',
    { job, limit, ...(resident === undefined ? {} : { resident }) },
    `Give it fewer rows or columns, or raise the worker's limit ${runsUserCode(job) ? 'codeMemory' : 'computeMemory'}.`
  );
}
