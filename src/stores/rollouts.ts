/**
 * The endpoint's document and who may write it. A rollout begins once, by raising the epoch; each later write matches
 * its own epoch, a smaller step and a running state, and writes its step's whole state. No match means that another
 * rollout owns the endpoint: nothing was changed, and nothing may be undone.
 */
import type { ClientSession } from 'mongodb';
import type { RolloutPlan } from '../domain/definition';
import { durationMs } from '../domain/durations';
import type { Answers, EndpointDocument, EndpointRollout, EndpointWatch, ServedVersion } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { championAlias, rolloutId } from '../domain/ids';
import type { Ref } from '../domain/refs';
import {
  NO_ANSWERS,
  type RolloutDocument,
  type RolloutKind,
  type RolloutOutcome,
  type ShadowPairs,
  servedIn,
  stepsOf,
} from '../domain/rollout';
import type { Stores } from './connect';
import { addEdges } from './edges';
import { nodeOf } from './facts';
import { renewNeeded } from './needs';
import { collection, inTransaction, type Store } from './mongo';
import { notAllowed, requireApproval } from './rollout-approval';

export interface NewRollout {
  readonly workflowId: string;
  readonly runId: string;
  readonly project: string;
  readonly kind: RolloutKind;
  /** Digest of the version's bytes beside the ref to its record: what people must have approved. */
  readonly version: Ref<'version'>;
  readonly served: ServedVersion;
  readonly reason: string;
  readonly watch: EndpointWatch;
  readonly plan: RolloutPlan;
  /** Milliseconds by the server's clock. */
  readonly now: number;
}

export const rolloutsOf = (stores: Store) => collection(stores, 'rollouts');

/**
 * Takes the endpoint by the next epoch. The same run begins once: a second attempt gets the first one's rollout.
 * @throws MlopsError MLOPS_NOT_AUTHORIZED, MLOPS_ARTIFACT_TAKEN (the model's bytes are gone)
 */
export async function beginRollout(stores: Stores, fresh: NewRollout): Promise<RolloutDocument> {
  // Before the endpoint names the version: a housekeeping that runs now leaves what was touched, a later one sees who needs it.
  await renewNeeded(stores, [{ kind: 'version', id: fresh.version.id, why: 'live', how: 'own' }]);
  await stores.artifacts.requireNotTaken([fresh.served.model]);
  return inTransaction(stores, (session) => beginWithin(stores, fresh, session));
}

async function beginWithin(stores: Stores, fresh: NewRollout, session: ClientSession): Promise<RolloutDocument> {
  const _id = rolloutId(fresh.workflowId, fresh.runId);
  const begun = await rolloutsOf(stores).findOne({ _id }, { session });
  if (begun !== null) return begun;
  await requireApproval(stores, fresh, session);
  const endpoints = collection(stores, 'endpoints');
  const endpoint = fresh.project;
  const current = await endpoints.findOne({ _id: endpoint }, { session });
  const former = current?.champion;
  const epoch = (current?.rollout.epoch ?? 0) + 1;
  const document: RolloutDocument = {
    _id,
    v: 1,
    project: fresh.project,
    endpoint,
    workflowId: fresh.workflowId,
    kind: fresh.kind,
    epoch,
    version: fresh.version,
    served: fresh.served,
    ...(former === undefined ? {} : { former }),
    ...(current?.rollout.state === 'running' ? { supersedes: current.rollout.id } : {}),
    steps: stepsOf(fresh.plan, fresh.kind, former),
    minReplicas: fresh.plan.minReplicas,
    replicasWithin: fresh.plan.replicasWithin,
    passed: 0,
    answered: NO_ANSWERS,
    reason: fresh.reason,
    revision: (current?.revision ?? 0) + 1,
    startedAt: new Date(),
  };
  const rollout: EndpointRollout = { id: fresh.workflowId, epoch, step: 0, stepName: 'begun', state: 'running' };
  if (current === null) {
    const first: EndpointDocument = {
      _id: endpoint,
      v: 1,
      project: fresh.project,
      revision: 1,
      rollout,
      watch: fresh.watch,
    };
    await endpoints.insertOne(first, { session });
  } else {
    // What an owner before this one was trying out ends here: until the first step the champion answers everything.
    await endpoints.updateOne(
      { _id: endpoint, revision: current.revision },
      { $set: { rollout, watch: fresh.watch }, $unset: { candidate: '' }, $inc: { revision: 1 } },
      { session }
    );
  }
  await rolloutsOf(stores).insertOne(document, { session });
  return document;
}

export async function rolloutOf(stores: Stores, id: string): Promise<RolloutDocument> {
  const found = await rolloutsOf(stores).findOne({ _id: id });
  if (found === null) {
    throw new MlopsError(
      'MLOPS_RECORD_MISSING',
      'There is no rollout of this id.',
      { collection: 'rollouts', id },
      'Was MongoDB restored to an earlier day? Start the rollout again.'
    );
  }
  return found;
}

/** @param id the run's own, `<workflow id>/<run id>` */
export async function findRollout(store: Store, id: string): Promise<RolloutDocument | null> {
  return rolloutsOf(store).findOne({ _id: id });
}

/** These rollouts, as far as they are there. */
export async function findRollouts(store: Store, ids: readonly string[]): Promise<RolloutDocument[]> {
  return ids.length === 0
    ? []
    : rolloutsOf(store)
        .find({ _id: { $in: [...ids] } })
        .toArray();
}

/** A project's rollouts that ended with a deployed version, the newest first. */
export async function deployedRollouts(store: Store, project: string): Promise<RolloutDocument[]> {
  return rolloutsOf(store).find({ project, outcome: 'deployed' }).sort({ epoch: -1 }).toArray();
}

/** All rollouts of all projects. */
export function allRollouts(store: Store): AsyncIterable<RolloutDocument> {
  return rolloutsOf(store).find();
}

/** What a project's rollouts found where they paired answers, the first rollout's first. */
export async function shadowsOf(store: Store, project: string): Promise<ShadowPairs[]> {
  const paired = rolloutsOf(store)
    .find({ project, kind: 'rollout', shadow: { $exists: true } })
    .sort({ epoch: 1 });
  return (await paired.toArray()).flatMap(({ shadow }) => (shadow === undefined ? [] : [shadow]));
}

/** Those of the versions that were ever deployed. */
export async function versionsDeployed(store: Store, versions: readonly string[]): Promise<ReadonlySet<string>> {
  const served = { outcome: 'deployed' as const, 'version.id': { $in: [...versions] } };
  return new Set(await rolloutsOf(store).distinct('version.id', served));
}

/** Puts the endpoint into step 1, 2, … of the plan, once the one before has passed; the document's revision to wait for. */
export async function takeStep(stores: Stores, rollout: RolloutDocument, number: number): Promise<number> {
  const step = rollout.steps[number - 1];
  if (step === undefined) throw new Error(`rollout ${rollout._id} has no step ${number}`);
  requirePassed(rollout, number - 1);
  const { champion, candidate } = servedIn(rollout, step);
  const set = { champion, rollout: ownership(rollout, number, step.name, 'running') };
  const after = await collection(stores, 'endpoints').findOneAndUpdate(
    mineBefore(rollout, number),
    candidate === undefined
      ? { $set: set, $unset: { candidate: '' }, $inc: { revision: 1 } }
      : { $set: { ...set, candidate }, $inc: { revision: 1 } },
    { returnDocument: 'after' }
  );
  if (after !== null) return after.revision;
  return (await ownedAt(stores, rollout, number)).revision;
}

/** Records that a step has passed, and what the champion answered so far. */
export async function passStep(
  stores: Stores,
  rollout: RolloutDocument,
  number: number,
  answered: Answers
): Promise<void> {
  await ownedAt(stores, rollout, number);
  await rolloutsOf(stores).updateOne({ _id: rollout._id, passed: number - 1 }, { $set: { passed: number, answered } });
}

/** Both versions' answers to the same requests, for the rollout's end. */
export async function recordShadow(stores: Stores, rollout: RolloutDocument, shadow: ShadowPairs): Promise<void> {
  await rolloutsOf(stores).updateOne({ _id: rollout._id, outcome: { $exists: false } }, { $set: { shadow } });
}

/** The endpoint's document while this rollout runs this very step; else it is superseded. */
export async function ownedAt(stores: Stores, rollout: RolloutDocument, number: number): Promise<EndpointDocument> {
  const current = await collection(stores, 'endpoints').findOne({ _id: rollout.endpoint });
  const owner = current?.rollout;
  if (current !== null && owner?.epoch === rollout.epoch && owner.step === number && owner.state === 'running')
    return current;
  throw superseded(rollout, number, current);
}

/**
 * Starts the step's clock: it is over at the endpoint's watermark of now plus the step's time. Once for a step; the
 * document's revision afterwards.
 */
export async function startClock(
  stores: Stores,
  rollout: RolloutDocument,
  number: number,
  watermark: Date
): Promise<{ until: string; revision: number }> {
  const step = rollout.steps[number - 1];
  if (step === undefined) throw new Error(`rollout ${rollout._id} has no step ${number}`);
  const until = new Date(watermark.getTime() + durationMs(step.for)).toISOString();
  const after = await collection(stores, 'endpoints').findOneAndUpdate(
    { ...mineAt(rollout, number), 'rollout.until': { $exists: false } },
    { $set: { 'rollout.until': until }, $inc: { revision: 1 } },
    { returnDocument: 'after' }
  );
  const current = after ?? (await ownedAt(stores, rollout, number));
  const started = current.rollout.until ?? until;
  // Steps come one after the other, so the earliest and the latest are the first's and the last's.
  await rolloutsOf(stores).updateOne(
    { _id: rollout._id },
    { $min: { from: watermark.toISOString() }, $max: { until: started } }
  );
  return { until: started, revision: current.revision };
}

export interface RolloutEnd {
  readonly outcome: Exclude<RolloutOutcome, 'superseded'>;
  readonly because: string;
}

/**
 * Ends the rollout, with everything that follows from it, in one transaction: what the endpoint serves, the alias
 * `champion`, the lineage and the audit. `deployed`: its version is the champion; `rolled-back`: the former one is,
 * and the alias never moved. How it ended: the first end stands, whatever a second attempt asks for.
 */
export async function endRollout(stores: Stores, rollout: RolloutDocument, end: RolloutEnd): Promise<RolloutOutcome> {
  return inTransaction(stores, async (session) => {
    const ended = await rolloutsOf(stores).findOne({ _id: rollout._id }, { session });
    if (ended?.outcome !== undefined) return ended.outcome;
    if (end.outcome === 'deployed') requirePassed(ended ?? rollout, rollout.steps.length);
    const number = rollout.steps.length + 1;
    const champion = end.outcome === 'deployed' ? rollout.served : rollout.former;
    const state = end.outcome === 'deployed' ? 'finished' : 'rolled-back';
    const set = { rollout: ownership(rollout, number, state, state) };
    const { matchedCount } = await collection(stores, 'endpoints').updateOne(
      mineBefore(rollout, number),
      champion === undefined
        ? { $set: set, $unset: { candidate: '', champion: '' }, $inc: { revision: 1 } }
        : { $set: { ...set, champion }, $unset: { candidate: '' }, $inc: { revision: 1 } },
      { session }
    );
    if (matchedCount === 0) {
      const current = await collection(stores, 'endpoints').findOne({ _id: rollout.endpoint }, { session });
      throw superseded(rollout, number, current);
    }
    if (end.outcome === 'deployed') await moveAlias(stores, rollout, session);
    await close(stores, ended ?? rollout, end, session);
    return end.outcome;
  });
}

/** Another rollout has the endpoint: this one's own record says so, and nothing else is touched. */
export async function closeSuperseded(stores: Stores, rollout: RolloutDocument, because: string): Promise<void> {
  await inTransaction(stores, async (session) => {
    const current = await collection(stores, 'endpoints').findOne({ _id: rollout.endpoint }, { session });
    if (current?.rollout.epoch === rollout.epoch)
      throw notAllowed('The rollout still owns its endpoint.', { rollout: rollout._id });
    await close(stores, rollout, { outcome: 'superseded', because }, session);
  });
}

async function moveAlias(stores: Stores, rollout: RolloutDocument, session: ClientSession): Promise<void> {
  const { version, served, project, endpoint } = rollout;
  await collection(stores, 'aliases').updateOne(
    { _id: championAlias(project) },
    {
      $set: { v: 1, version: version.id, number: served.number, digest: version.digest },
      $inc: { revision: 1 },
    },
    { upsert: true, session }
  );
  const edge = { from: `endpoint:${endpoint}`, relation: 'deployed' as const, to: nodeOf(version) };
  await addEdges(stores, [edge], session);
}

type Ended = Omit<RolloutEnd, 'outcome'> & { readonly outcome: RolloutOutcome };

async function close(stores: Stores, rollout: RolloutDocument, end: Ended, session: ClientSession): Promise<void> {
  await rolloutsOf(stores).updateOne(
    { _id: rollout._id, outcome: { $exists: false } },
    { $set: { ...end, endedAt: new Date() } },
    { session }
  );
  await stores.audit.append(auditOf(rollout, end), session);
}

function auditOf(rollout: RolloutDocument, end: Ended) {
  return {
    id: `rollout ${rollout._id}`,
    project: rollout.project,
    what: `${rollout.kind} ${end.outcome}`,
    by: 'temporal-mlops',
    detail: {
      rollout: rollout.workflowId,
      epoch: rollout.epoch,
      version: rollout.version.id,
      number: rollout.served.number,
      model: rollout.served.model,
      former: rollout.former?.version ?? null,
      reason: rollout.reason,
      because: end.because,
      shadow: rollout.shadow ?? null,
    },
  };
}

function requirePassed(rollout: RolloutDocument, steps: number): void {
  if (rollout.passed >= steps) return;
  throw notAllowed('A step of the rollout has not passed yet.', {
    rollout: rollout._id,
    passed: rollout.passed,
    steps,
  });
}

function ownership(
  rollout: RolloutDocument,
  step: number,
  stepName: string,
  state: EndpointRollout['state']
): EndpointRollout {
  return { id: rollout.workflowId, epoch: rollout.epoch, step, stepName, state };
}

function mineBefore(rollout: RolloutDocument, number: number) {
  return {
    _id: rollout.endpoint,
    'rollout.epoch': rollout.epoch,
    'rollout.state': 'running' as const,
    'rollout.step': { $lt: number },
  };
}

function mineAt(rollout: RolloutDocument, number: number) {
  return { ...mineBefore(rollout, number), 'rollout.step': number };
}

function superseded(rollout: RolloutDocument, step: number, current: EndpointDocument | null): MlopsError {
  const owner = current?.rollout;
  return new MlopsError(
    'MLOPS_ROLLOUT_SUPERSEDED',
    'Another rollout owns the endpoint, or this one has gone on without this write.',
    {
      endpoint: rollout.endpoint,
      rollout: rollout.workflowId,
      epoch: rollout.epoch,
      step,
      owner: owner?.id,
      ownerEpoch: owner?.epoch,
      ownerStep: owner?.step,
    },
    'Nothing was changed. See the owner in the Temporal UI.'
  );
}
