/** What people and monitors ask of a lifecycle: found in its history with who sent it, and recorded before it has an effect. */
import { getClient } from '@temporalio/activity';
import { activityName, lifecycleId, monitorId, underLifecycle } from '../domain/ids';
import {
  MESSAGES,
  type OperatorAnswer,
  type OperatorMessage,
  type RetrainMessage,
  type Trigger,
} from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import { causeDetail, triggerOf } from '../domain/pending-triggers';
import { triggerMessages } from '../domain/windows';
import type { Stores } from '../stores/connect';
import { operatorEventId, recordedTrigger, recordTrigger } from '../stores/triggers';
import { notAuthorized, requireCaller } from './caller';
import type { ActivityDeps } from './deps';
import { findUpdate, type SentSignal, signalsAfter } from './history';

export interface RecordOperator {
  readonly project: string;
  readonly updateId: string;
  readonly answer: OperatorAnswer;
  /** The lifecycle's first message. */
  readonly first?: true;
}

export interface ReadTriggers {
  /** Those that count, the oldest first. */
  readonly triggers: readonly Trigger[];
  /** Newest event that was looked at. */
  readonly upTo: number;
}

/** In one batch: more of a project's own in so short a time say nothing new. */
const MOST_TRIGGERS = 50;
const SHOWN_SENDERS = 5;

export function operatorActivities(deps: ActivityDeps) {
  return {
    /** The message, as the history shows it, and what it was answered; the trigger that a retrain becomes. */
    async mlopsRecordOperator({ project, updateId, answer, first }: RecordOperator): Promise<{ trigger?: Trigger }> {
      const caller = requireCaller(lifecycleId(project));
      const sent = await findUpdate(getClient(), caller, updateId);
      if (sent === undefined || malformedOperatorMessage(sent.name, sent.message) !== undefined)
        throw notAuthorized('The history of the lifecycle shows no such update.', { ...caller, updateId });
      const { id, by, comment } = sent.message as OperatorMessage;
      const { callerIdentity } = sent;
      const asks = sent.name === MESSAGES.retrain && answer.outcome === 'accepted';
      const trigger = asks ? retrainTrigger(sent.message as RetrainMessage, callerIdentity, first === true) : undefined;
      const { audit } = await deps.stores();
      await audit.record({
        id: operatorEventId(project, sent.name, id),
        project,
        what: sent.name,
        by,
        detail: {
          answer,
          callerIdentity,
          ...(comment === undefined ? {} : { comment }),
          ...(trigger === undefined ? {} : { trigger }),
        },
      });
      return trigger === undefined ? {} : { trigger };
    },

    /**
     * The triggers that this project's own workflows have sent since an event of the lifecycle's history, each recorded.
     * What others sent under that name counts for nothing: one event of the audit says how much it was.
     */
    async mlopsReadTriggers({
      project,
      after,
    }: {
      readonly project: string;
      readonly after: number;
    }): Promise<ReadTriggers> {
      const caller = requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      const triggers: { trigger: Trigger; from: string }[] = [];
      const others: SentSignal[] = [];
      let upTo = after;
      for await (const signal of signalsAfter(getClient(), caller, MESSAGES.trigger, after)) {
        upTo = Math.max(upTo, signal.eventId);
        const trigger = await believed(stores, project, signal);
        if (trigger === undefined) others.push(signal);
        else if (triggers.length < MOST_TRIGGERS) triggers.push({ trigger, from: signal.from ?? monitorId(project) });
      }
      triggers.reverse();
      for (const { trigger, from } of triggers) await recordTrigger(stores, project, trigger, from);
      const refused = await withoutRepeated(stores, project, others);
      if (refused.length > 0) {
        const senders = [...new Set(refused.map(({ from, callerIdentity }) => from ?? callerIdentity))];
        await stores.audit.record({
          id: `refused-signals ${activityName(caller, String(upTo))}`,
          project,
          what: 'signals refused',
          by: 'unknown',
          detail: {
            signal: MESSAGES.trigger,
            count: refused.length,
            senders: senders.slice(0, SHOWN_SENDERS),
            mistake:
              'a trigger is one that a judged window has fired, or is sent by a workflow of this project, as {id, cause: {kind, detail}, asOf}',
          },
        });
      }
      return { triggers: triggers.map(({ trigger }) => trigger), upTo };
    },
  };
}

/**
 * The trigger that a signal stands for, if it counts. One that names a window is what the window's record says it has
 * fired, whoever repeats it; any other comes from a workflow of this project.
 */
async function believed(stores: Stores, project: string, { message, from }: SentSignal): Promise<Trigger | undefined> {
  const trigger = triggerOf(message);
  const window = trigger?.cause.window;
  if (window === undefined) return from?.startsWith(underLifecycle(project)) === true ? trigger : undefined;
  const verdict = await stores.facts.find('window', window);
  if (verdict === null || verdict.body.endpoint !== project) return undefined;
  return triggerMessages(window, verdict.body).find(({ id }) => id === trigger?.id);
}

/** What was sent again after a reset says nothing new: the trigger is recorded by what the history shows of its sender. */
async function withoutRepeated(stores: Stores, project: string, signals: readonly SentSignal[]): Promise<SentSignal[]> {
  const kept: SentSignal[] = [];
  let looked = 0;
  for (const signal of signals) {
    const id = looked < MOST_TRIGGERS ? triggerOf(signal.message)?.id : undefined;
    if (id !== undefined) looked += 1;
    if (id === undefined || (await recordedTrigger(stores, project, id)) === undefined) kept.push(signal);
  }
  return kept;
}

function retrainTrigger({ id, by, asOf, comment }: RetrainMessage, callerIdentity: string, first: boolean): Trigger {
  const kind = first ? 'start' : 'person';
  return { id, asOf, cause: { kind, by, callerIdentity, detail: causeDetail(comment ?? `started by ${by}`) } };
}
