/** What people and monitors ask of a lifecycle: found in its history with who sent it, and recorded before it has an effect. */
import { getClient } from '@temporalio/activity';
import { activityName, lifecycleId, underLifecycle } from '../domain/ids';
import {
  type ImportMessage,
  MESSAGES,
  type OperatorAnswer,
  type OperatorMessage,
  type RetrainMessage,
  type Trigger,
} from '../domain/messages';
import { digestsOfImport, type StoredBytes } from '../domain/imported-model';
import { malformedOperatorMessage } from '../domain/operator-messages';
import { causeDetail, triggerOf } from '../domain/pending-triggers';
import { triggerMessages } from '../domain/windows';
import type { Stores } from '../stores/connect';
import { usedTriggers } from '../stores/cycles';
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

export interface ReadTriggersAfter {
  readonly project: string;
  /** An event of the lifecycle's history. */
  readonly after: number;
  /** Number of the last cycle before this run, so that a run that a reset took back begins the later ones once more. */
  readonly begun?: number;
}

interface SentTrigger {
  readonly trigger: Trigger;
  /** A workflow of the project. */
  readonly from: string;
  readonly signal: SentSignal;
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
      const asks = sent.name === MESSAGES.retrain || sent.name === MESSAGES.import;
      const trigger =
        asks && answer.outcome === 'accepted'
          ? askedTrigger(sent.message as RetrainMessage | ImportMessage, callerIdentity, first === true)
          : undefined;
      const { artifacts, audit } = await deps.stores();
      // Whether they are all there, the cycle says.
      if (trigger?.imports !== undefined) await artifacts.renew(digestsOfImport(trigger.imports));
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
     * What others sent under that name, and what a cycle has run for, counts for nothing: one event of the audit says how
     * much it was.
     */
    async mlopsReadTriggers({ project, after, begun }: ReadTriggersAfter): Promise<ReadTriggers> {
      const caller = requireCaller(lifecycleId(project));
      const stores = await deps.stores();
      const sent: SentTrigger[] = [];
      const others: SentSignal[] = [];
      let upTo = after;
      for await (const signal of signalsAfter(getClient(), caller, MESSAGES.trigger, after)) {
        upTo = Math.max(upTo, signal.eventId);
        const { from } = signal;
        const trigger = from?.startsWith(underLifecycle(project)) === true ? triggerOf(signal.message) : undefined;
        if (trigger === undefined || from === undefined) others.push(signal);
        else if (sent.length < MOST_TRIGGERS) sent.push({ trigger, from, signal });
      }
      const ids = sent.map(({ trigger }) => trigger.id);
      const used = await usedTriggers(stores, project, ids, begun);
      const triggers: Trigger[] = [];
      for (const { trigger, from, signal } of sent.reverse()) {
        const counts = used.has(trigger.id) ? undefined : await asJudged(stores, project, trigger);
        if (counts === undefined) {
          others.push(signal);
          continue;
        }
        await recordTrigger(stores, project, counts, from);
        triggers.push(counts);
      }
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
              'a trigger is sent by a workflow of this project, as {id, cause: {kind, detail}, asOf}; one that names a window is one that the window has fired',
          },
        });
      }
      return { triggers, upTo };
    },
  };
}

/** A trigger that names a window is what the window's record says it has fired; any other is what its sender says. */
async function asJudged(stores: Stores, project: string, trigger: Trigger): Promise<Trigger | undefined> {
  const { window } = trigger.cause;
  if (window === undefined) return trigger;
  const verdict = await stores.facts.find('window', window);
  if (verdict === null || verdict.body.endpoint !== project) return undefined;
  return triggerMessages(window, verdict.body).find(({ id }) => id === trigger.id);
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

function askedTrigger(message: RetrainMessage | ImportMessage, callerIdentity: string, first: boolean): Trigger {
  const { id, by, asOf, comment } = message;
  if ('model' in message) {
    const { model, file, columns, parity } = message.model;
    const detail = causeDetail(`import of ${file}, ${model.digest}${comment === undefined ? '' : `: ${comment}`}`);
    const imports = {
      model: storedBytes(model),
      file,
      ...(columns === undefined ? {} : { columns }),
      ...(parity === undefined ? {} : { parity: storedBytes(parity) }),
    };
    return { id, asOf, cause: { kind: 'import', by, callerIdentity, detail }, imports };
  }
  const kind = first ? 'start' : 'person';
  return { id, asOf, cause: { kind, by, callerIdentity, detail: causeDetail(comment ?? `started by ${by}`) } };
}

/** Nothing else that the message holds is kept. */
const storedBytes = ({ digest, bytes }: StoredBytes): StoredBytes => ({ digest, bytes });
