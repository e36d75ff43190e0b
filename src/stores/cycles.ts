/** Cycles: each a document that its lifecycle changes in order; what a person sees after Temporal has forgotten the history. */
import { type Cycle, cycleRecordId } from '../domain/ids';
import type { OpenCycle } from '../domain/phases';
import type { CycleDocument } from '../domain/records';
import type { Ref } from '../domain/refs';
import { collection, type Store } from './mongo';

/** Writes the cycle once; a later attempt changes nothing. */
export async function openCycle(
  store: Store,
  { project, cycle, definition, causes, triggers, appliedBy, asOf, imports }: OpenCycle
): Promise<void> {
  await collection(store, 'cycles').updateOne(
    { _id: cycleRecordId(project, cycle) },
    {
      $setOnInsert: {
        v: 1,
        revision: 0,
        project,
        cycle,
        definition,
        causes,
        triggers,
        appliedBy,
        asOf,
        ...(imports === undefined ? {} : { imports }),
        state: 'running',
        phase: 'ingest',
        refs: {},
        startedAt: new Date(),
      },
    },
    { upsert: true }
  );
}

export type CycleChange = Partial<
  Pick<CycleDocument, 'phase' | 'state' | 'refs' | 'failure' | 'outcome' | 'endedAt'>
> & { readonly clearFailure?: true };

/**
 * @param order counts the changes, from 1, in the workflow that makes them: a late attempt of an earlier one, as by a
 *   worker that was taken for dead, changes nothing. Nor does any change of a finished cycle.
 */
export async function changeCycle(
  store: Store,
  { project, cycle, order }: { readonly project: string; readonly cycle: Cycle; readonly order: number },
  { clearFailure, ...set }: CycleChange
): Promise<void> {
  await collection(store, 'cycles').updateOne(
    { _id: cycleRecordId(project, cycle), revision: { $lt: order }, state: { $ne: 'finished' } },
    { $set: { ...set, revision: order }, $unset: clearFailure === true ? { failure: '' } : {} }
  );
}

/** @param id `<project>/<cycle>` */
export async function findCycle(store: Store, id: string): Promise<CycleDocument | null> {
  return collection(store, 'cycles').findOne({ _id: id });
}

/** A project's cycles, the oldest first. */
export async function cyclesOf(store: Store, project: string): Promise<CycleDocument[]> {
  return collection(store, 'cycles').find({ project }).sort({ cycle: 1 }).toArray();
}

/** That of the newest cycle that has a snapshot; null where the project has no cycle. */
export async function newestSnapshotRef(store: Store, project: string): Promise<{ readonly snapshot?: Ref } | null> {
  const cycles = collection(store, 'cycles');
  const newest = { sort: { startedAt: -1 } } as const;
  const found = await cycles.findOne({ project, 'refs.snapshot': { $exists: true } }, newest);
  if (found?.refs.snapshot !== undefined) return { snapshot: found.refs.snapshot };
  return (await cycles.findOne({ project })) === null ? null : {};
}

/** What a project's cycles came to, of those that have a snapshot: the newest first. */
export function cyclesWithSnapshot(
  store: Store,
  project: string
): AsyncIterable<Pick<CycleDocument, 'cycle' | 'definition' | 'refs'>> {
  return collection(store, 'cycles')
    .find({ project, 'refs.snapshot': { $exists: true } }, { projection: { cycle: 1, definition: 1, refs: 1 } })
    .sort({ startedAt: -1 });
}

export interface CycleSnapshot {
  readonly asOf: string;
  readonly startedAt: Date;
  readonly snapshot: Ref;
}

/** What a project's cycles came to, of those that have a snapshot. */
export async function snapshotsOfCycles(store: Store, project: string): Promise<CycleSnapshot[]> {
  const fields = { projection: { _id: 0, asOf: 1, startedAt: 1, snapshot: '$refs.snapshot' } };
  return collection(store, 'cycles')
    .find({ project, 'refs.snapshot': { $exists: true } }, fields)
    .map((cycle) => cycle as unknown as CycleSnapshot)
    .toArray();
}

/** Projects that ever had a cycle. */
export async function projectsWithCycles(store: Store): Promise<string[]> {
  return collection(store, 'cycles').distinct('project');
}

/** Cycles that have not ended, of all projects. */
export function unfinishedCycles(store: Store): AsyncIterable<CycleDocument> {
  return collection(store, 'cycles').find({ state: { $ne: 'finished' } });
}

/** The largest number among a project's cycles; 0 where it had none. */
export async function lastCycleNumber(store: Store, project: string): Promise<number> {
  const last = await collection(store, 'cycles')
    .find({ project, cycle: { $gt: 0 } })
    .sort({ cycle: -1 })
    .limit(1)
    .next();
  return typeof last?.cycle === 'number' ? last.cycle : 0;
}

/** The cycles that these windows caused, the oldest first. */
export async function cyclesCausedBy(store: Store, windows: readonly string[]): Promise<CycleDocument[]> {
  return collection(store, 'cycles')
    .find({ 'causes.window': { $in: [...windows] } })
    .sort({ startedAt: 1 })
    .toArray();
}

/**
 * Those of these triggers that a cycle has run for.
 * @param upTo only cycles of this number or a smaller one; default: all
 */
export async function usedTriggers(
  store: Store,
  project: string,
  triggers: readonly string[],
  upTo?: number
): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  if (triggers.length === 0) return used;
  const numbered = upTo === undefined ? {} : { cycle: { $lte: upTo } };
  const cycles = collection(store, 'cycles').find(
    { project, triggers: { $in: [...triggers] }, ...numbered },
    { projection: { triggers: 1 } }
  );
  for await (const cycle of cycles) for (const id of cycle.triggers) used.add(id);
  return used;
}

/** How the cycles of these ids ended, where they did. */
export async function cycleOutcomes(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = collection(store, 'cycles').find({ _id: { $in: [...ids] } }, { projection: { outcome: 1 } });
  const outcomes = new Map<string, string>();
  for await (const { _id, outcome } of found) if (outcome !== undefined) outcomes.set(_id, outcome);
  return outcomes;
}

export interface CyclesOfProject {
  readonly project: string;
  readonly cycles: number;
  readonly last: CycleDocument;
}

/** How many cycles each project has had, and the one that began last. */
export async function cyclesByProject(store: Store, project?: string): Promise<CyclesOfProject[]> {
  return collection(store, 'cycles')
    .aggregate<CyclesOfProject>([
      ...(project === undefined ? [] : [{ $match: { project } }]),
      { $sort: { project: 1, startedAt: 1 } },
      { $group: { _id: '$project', cycles: { $sum: 1 }, last: { $last: '$$ROOT' } } },
      { $project: { _id: 0, project: '$_id', cycles: 1, last: 1 } },
    ])
    .toArray();
}
