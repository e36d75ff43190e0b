/** Definitions of every message, by the names in domain/messages.ts. Clients send them by name. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  type ApplyMessage,
  type ClockMessage,
  type DecisionAnswer,
  type DecisionMessage,
  type DeployMessage,
  type ExtendStudyMessage,
  type ImportMessage,
  type LifecycleStatus,
  MESSAGES,
  type OperatorAnswer,
  type OperatorMessage,
  type RetrainMessage,
  type RollbackMessage,
} from '../domain/messages';

export const retrain = defineUpdate<OperatorAnswer, [RetrainMessage]>(MESSAGES.retrain);
export const importModel = defineUpdate<OperatorAnswer, [ImportMessage]>(MESSAGES.import);
export const apply = defineUpdate<OperatorAnswer, [ApplyMessage]>(MESSAGES.apply);
export const retry = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.retry);
export const skip = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.skip);
export const pause = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.pause);
export const unpause = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.unpause);
export const stop = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.stop);
export const rollback = defineUpdate<OperatorAnswer, [RollbackMessage]>(MESSAGES.rollback);
export const setClock = defineUpdate<OperatorAnswer, [ClockMessage]>(MESSAGES.setClock);
export const deployVersion = defineUpdate<OperatorAnswer, [DeployMessage]>(MESSAGES.deploy);
export const stopStudy = defineUpdate<OperatorAnswer, [OperatorMessage]>(MESSAGES.stopStudy);
export const extendStudy = defineUpdate<OperatorAnswer, [ExtendStudyMessage]>(MESSAGES.extendStudy);
export const status = defineQuery<LifecycleStatus>(MESSAGES.status);

export const decide = defineUpdate<DecisionAnswer, [DecisionMessage]>(MESSAGES.decide);

/** Signals take `unknown`: whoever sends one may send anything, and a handler that throws would stop the workflow. */
export const trigger = defineSignal<[unknown]>(MESSAGES.trigger);
export const decideBySignal = defineSignal<[unknown]>(MESSAGES.decide);
export const supersede = defineSignal<[unknown]>(MESSAGES.supersede);
export const decided = defineSignal<[unknown]>(MESSAGES.decided);
export const watch = defineSignal<[unknown]>(MESSAGES.watch);
export const watermark = defineSignal<[unknown]>(MESSAGES.watermark);
