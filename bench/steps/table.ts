/** What people read, on standard error. */
import { inColumns } from '../columns';
import { median, medianRatio, spread } from '../spread';
import type { Recovery } from './events';
import { HEARTBEAT_SECONDS, medianOf, type OurRun } from './ours';

export const QUICK_HEARTBEAT_SECONDS = 2;

export interface Row {
  readonly name: string;
  /** Milliseconds per step, a figure a round. */
  readonly perStep: readonly number[];
  readonly recovery: Recovery;
}

export function tableOf(ours: Row, peers: readonly Row[]): string {
  const lines = [ours, ...peers].map(({ name, perStep, recovery }) => [
    name,
    spread(perStep),
    medianRatio(perStep, ours.perStep).toPrecision(3),
    recovery.backSeconds.toFixed(1),
    String(recovery.redone),
  ]);
  const heads = ['tool', 'ms per step (min/median/max)', 'times ours', 'back after a kill, s', 'finished steps redone'];
  return inColumns([heads, ...lines]);
}

/** @param quick the same kill with the shorter heartbeat time-out */
export function partsOf(runs: readonly OurRun[], quick: Recovery): string {
  const ms = (figure: keyof OurRun): string => `${medianOf(runs, figure).toFixed(1)} ms`;
  const last = median(runs.map(({ perStep }) => perStep)).toFixed(1);
  return [
    `ours, ${last} ms: the step itself (key lookup, get, put, transaction) ${ms('body')}; Temporal's round trip ${ms('roundTrip')}`,
    `ours, reused: ${ms('reused')}, of which the step itself ${ms('reusedBody')}`,
    `ours, back after a kill: with the default heartbeat time-out, ${HEARTBEAT_SECONDS} s; with ${QUICK_HEARTBEAT_SECONDS} s it takes ${quick.backSeconds.toFixed(1)} s`,
    'peers keep records and bytes on the local disk; ours are in MongoDB (majority, journaled) and S3, by way of Temporal',
  ].join('\n');
}
