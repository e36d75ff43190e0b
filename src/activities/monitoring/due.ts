/** When a window is due, by its records and the endpoint's clock alone: whoever asks for its verdict, neither is an argument. */
import type { MonitoringDefinition, ProjectDefinition } from '../../domain/definition';
import { durationMs } from '../../domain/durations';
import type { TimeRange } from '../../domain/period';
import type { Ref } from '../../domain/refs';
import { readClock } from '../../stores/clocks';
import type { Stores } from '../../stores/connect';
import type { CommitBeside } from '../../stores/facts';
import { coverage } from '../../stores/predictions';
import { knownWhen } from '../../stores/truths';
import { notAuthorized } from '../caller';
import { definitionOf } from '../definitions';
import { withHeartbeat } from '../step/heartbeat';

/** Truths up to `asOf` count, once the endpoint's clock has reached `after`. */
export interface Due {
  readonly asOf: string;
  readonly after: string;
}

export interface OfWindow {
  readonly project: string;
  readonly definition: Ref<'definition'>;
  readonly period: TimeRange;
}

/** Truth of the version that answered most of a window. */
export interface TruthThere {
  readonly version?: number;
  readonly predictions: number;
  readonly truths: number;
  readonly needed: number;
  /** Once enough is there: when the world knew it, but not before the window's end. */
  readonly enoughAt?: string;
}

/** Event time up to which a window's truth is waited for. */
export const allTruth = ({ to }: TimeRange, { truthDelay }: MonitoringDefinition): string =>
  new Date(Date.parse(to) + durationMs(truthDelay)).toISOString();

export async function truthThere(
  stores: Stores,
  project: string,
  rules: MonitoringDefinition,
  period: TimeRange
): Promise<TruthThere> {
  const all = allTruth(period, rules);
  const there = await withHeartbeat('counting truths', () => coverage(stores, project, period, all));
  const { predictions, truths, version } = there;
  const needed = Math.ceil(predictions * rules.truthCoverage);
  if (predictions === 0 || truths < needed) return { ...there, needed };
  const covered = await withHeartbeat('reading truths', () => knownWhen(stores, project, period, version, needed, all));
  const over = Date.parse(period.to);
  const enoughAt = new Date(Math.max(over, covered?.getTime() ?? over)).toISOString();
  return { ...there, needed, enoughAt };
}

/** What a window is judged by. @throws MlopsError MLOPS_NOT_AUTHORIZED where that is another project's definition */
export async function definitionFor(
  stores: Stores,
  { project, definition: ref, period }: OfWindow
): Promise<ProjectDefinition> {
  const definition = await definitionOf(stores, ref);
  if (definition.name !== project || !(Date.parse(period.from) < Date.parse(period.to)))
    throw notAuthorized('A window is judged by a definition of its project.', { project, by: ref.id, ...period });
  return definition;
}

/** A verdict is due after the window's end where enough of its truth is there, else when that was waited for long enough. */
export async function verdictDue(stores: Stores, window: OfWindow): Promise<Due> {
  const { project, period } = window;
  const { monitoring } = await definitionFor(stores, window);
  const { enoughAt } = await truthThere(stores, project, monitoring, period);
  const all = allTruth(period, monitoring);
  return enoughAt === undefined ? dueAt(all, all, monitoring) : dueAt(enoughAt, period.to, monitoring);
}

/** Truths up to `asOf` count, once event time has passed `over`. */
export const dueAt = (asOf: string, over: string, { allowedLateness }: MonitoringDefinition): Due => ({
  asOf,
  after: new Date(Date.parse(over) + durationMs(allowedLateness)).toISOString(),
});

/**
 * For the transaction that writes the window, so that none is there that was not due. By the endpoint's clock, whichever
 * replicas live: one may die once it has reported.
 * @throws MlopsError MLOPS_NOT_AUTHORIZED
 */
export function onlyWhenDue(stores: Stores, project: string, { after }: Due): NonNullable<CommitBeside['also']> {
  return async (session) => {
    const clock = (await readClock(stores, project, session))?.highest.toISOString();
    if (clock === undefined || clock < after)
      throw notAuthorized('A window is judged when it is over and its truth is there, or was waited for long enough.', {
        project,
        clock,
        after,
      });
  };
}
