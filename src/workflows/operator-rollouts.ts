/** Rollouts that an operator asks for, beside the cycle: each takes the endpoint by the next epoch, with or without the old saga's worker. */
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { deployId, rollbackId, versionLabel } from '../domain/ids';
import type { DeployMessage, OperatorAnswer, RollbackMessage } from '../domain/messages';
import type { LifecycleState } from '../domain/phases';
import type { Ref } from '../domain/refs';
import type { RolloutKind } from '../domain/rollout';
import { io } from './activities';
import { deploy } from './deploy';
import { described } from './visible';

/** An earlier version again, at once. */
export async function startRollback(state: LifecycleState, { id, by, to }: RollbackMessage): Promise<OperatorAnswer> {
  const { project, plan } = state;
  const target = await io(plan).mlopsRollbackTarget({ project, ...(to === undefined ? {} : { to }) });
  if (target.version === undefined) return { outcome: 'refused', reason: target.reason };
  const workflowId = rollbackId(project, id);
  await start(state, { workflowId, name: `rollback-${id}`, kind: 'rollback', version: target.version, by });
  return { outcome: 'accepted', reason: `${workflowId} serves ${target.version.id} again` };
}

/** A version that was approved and not deployed, by the steps of its definition. */
export async function startDeploy(state: LifecycleState, { id, by, number }: DeployMessage): Promise<OperatorAnswer> {
  const { project, plan } = state;
  const target = await io(plan).mlopsDeployTarget({ project, number });
  if (target.version === undefined) return { outcome: 'refused', reason: target.reason };
  const workflowId = deployId(project, id);
  await start(state, { workflowId, name: `deploy-${id}`, kind: 'rollout', version: target.version, by });
  return { outcome: 'accepted', reason: `${workflowId} rolls ${versionLabel(project, number)} out` };
}

interface Asked {
  readonly workflowId: string;
  readonly name: string;
  readonly kind: RolloutKind;
  readonly version: Ref<'version'>;
  readonly by: string;
}

async function start(state: LifecycleState, { workflowId, name, kind, version, by }: Asked): Promise<void> {
  const { project, definition, plan, searchAttributes = true } = state;
  if (plan === undefined || definition === undefined) throw new Error('a rollout before the definition is registered');
  await startChild(deploy, {
    workflowId,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [{ v: 1, project, cycle: name, definition, plan, searchAttributes, version, kind, reason: `asked by ${by}` }],
    ...described(
      kind === 'rollback' ? `roll ${project} back` : `roll ${version.id} out`,
      `Serves ${version.id}; asked by ${by}.`
    ),
  });
}
