/**
 * Compute in child processes: a child runs one job at a time, and only one that has done a light job well runs another. SIGKILL cancels
 * at once, whatever native code it is in, and a crash costs one attempt, never the worker.
 */
import type { ChildProcess } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { RunJob, RunJobOptions } from '../../activities/deps';
import type { Limits } from '../../activities/limits';
import type { ErrorCode, Where } from '../../domain/errors';
import { MlopsError } from '../../domain/errors';
import type { JobCost } from '../../domain/job';
import { isLight, runsUserCode } from './jobs';
import { saysNoMemory } from './no-memory';
import { type ChildMemory, residentMemory, startChild } from './process';
import type { Failed, FromChild, FromWorker } from './protocol';
import { Spare } from './spare';
import { WarmChildren } from './warm';

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
  /**
   * From now on a child is started ahead, for the job that comes next.
   * @param threads of a job that can use several; absent: as many as processors
   */
  open(threads?: number): void;
  /** Ends every child that it has started, and starts no more. */
  close(): void;
}

export function computePool(limits: Limits): ComputePool {
  const children = new Set<ChildProcess>();
  let closed = false;
  let threads: number | undefined;
  const start = (ceilings: Ceilings, userCode: boolean): ChildProcess => {
    const child = startChild(ceilings, userCode, threads);
    children.add(child);
    const forget = (): void => void children.delete(child);
    // A process that could not be started never exits.
    child.once('exit', forget).on('error', () => child.pid === undefined && forget());
    return child;
  };
  const spare = new Spare(() => start(ceilingsOf('spare', limits), false));
  const warm = new WarmChildren();
  const runJob: RunJob = async (job, input, options) => {
    options.signal.throwIfAborted();
    if (closed) throw crashed(job, 'its worker has ended', '');
    const ceilings = ceilingsOf(job, limits);
    const userCode = runsUserCode(job);
    const ready = userCode ? undefined : ((isLight(job) ? warm.take() : undefined) ?? spare.take());
    let taken = false;
    const onTaken = (): void => {
      taken = true;
    };
    const onDone: OnDone = (child, cost) => (isLight(job) ? warm.give(child, cost) : child.kill('SIGKILL'));
    const hooks = { onTaken, onDone };
    try {
      return await run<never>(job, input, options, ceilings, ready ?? start(ceilings, userCode), hooks);
    } catch (error) {
      // A spare child that ended while it waited costs no attempt: its job had not begun.
      if (ready === undefined || taken || closed || options.signal.aborted) throw error;
      return await run<never>(job, input, options, ceilings, start(ceilings, userCode), hooks);
    } finally {
      spare.refill();
    }
  };
  return {
    runJob,
    open: (most) => {
      threads = most;
      spare.open();
      warm.open();
    },
    close: () => {
      closed = true;
      spare.close();
      warm.close();
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

function ceilingsOf(job: string, limits: Limits): Ceilings {
  const { databaseMemory, sourceBytes, sourceRows, sourceLineBytes, newNames } = limits;
  if (!runsUserCode(job)) {
    return {
      databaseMemory,
      sourceBytes,
      sourceRows,
      sourceLineBytes,
      newNames,
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
    newNames,
    memory: limits.codeMemory,
    silence: limits.codeSilence,
    time: short,
  };
}

type OnDone = (child: ChildProcess, cost: JobCost) => void;

interface Hooks {
  /** The child has begun. */
  readonly onTaken: () => void;
  /** The job was done well; what becomes of the child is the caller's. After anything else it is ended. */
  readonly onDone: OnDone;
}

function run<O>(
  job: string,
  input: unknown,
  options: RunJobOptions,
  ceilings: Ceilings,
  child: ChildProcess,
  { onTaken, onDone }: Hooks
): Promise<O> {
  return new Promise<O>((resolve, reject) => {
    const startedAt = Date.now();
    let heardAt = startedAt;
    let printed = '';
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      options.signal.removeEventListener('abort', cancel);
      clearInterval(watching);
      child.off('error', onError).off('exit', onExit).off('message', onMessage);
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', onPrinted);
      return true;
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      child.kill('SIGKILL');
      reject(error);
    };
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
    const onPrinted = (chunk: Buffer): void => {
      printed = (printed + chunk.toString()).slice(-TAIL);
    };
    const onError = (error: Error): void => fail(crashed(job, error.message, ''));
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      const ended = (): void => fail(endOf(job, code, signal, readable(printed), ceilings.memory));
      const late = setTimeout(ended, LAST_WORDS_MS);
      child.once('close', () => {
        clearTimeout(late);
        ended();
      });
    };
    const onMessage = (message: FromChild): void => {
      heardAt = Date.now();
      switch (message.type) {
        case 'taken':
          return onTaken();
        case 'progress':
          return options.onProgress?.(message.progress);
        case 'checkpoint':
          return options.onCheckpoint?.(message.file, message.step);
        case 'done':
          if (!settle()) return;
          options.onCost?.(message.cost);
          onDone(child, message.cost);
          return resolve(message.output as O);
        case 'failed':
          return fail(failure(job, message, readable(printed), ceilings.memory));
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', onPrinted);
    child.on('error', onError).on('exit', onExit).on('message', onMessage);
    child.send({ type: 'run', job, input, folder: options.folder } satisfies FromWorker, (error) => {
      // It has ended, and says how by its end.
      if (error !== null && child.exitCode === null && child.signalCode === null) fail(crashed(job, error.message, ''));
    });
  });
}

function readable(printed: string): string {
  return stripVTControlCharacters(printed).trim();
}

function failure(job: string, message: Failed, printed: string, memory: number): Error {
  // Some of what can't be had is thrown; the rest ends the process.
  if (message.code === undefined && saysNoMemory(message.message)) return outOfMemory(job, memory);
  if (message.code === undefined) return Object.assign(new Error(message.message), { stack: message.stack });
  const error = new MlopsError(message.code as ErrorCode, message.what, message.where as Where, message.fix);
  const said = message.code === 'MLOPS_USER_CODE_FAILED' && printed !== '' ? ` It printed: ${printed}` : '';
  error.message = `${message.message}${said}`;
  return error;
}

function endOf(
  job: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  printed: string,
  memory: number
): MlopsError {
  const how = signal ?? `exit code ${code}`;
  if (saysNoMemory(printed)) return outOfMemory(job, memory);
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
