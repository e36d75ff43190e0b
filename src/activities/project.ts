/** The definition's door: checked and registered once, under the digest that everyone then names; in force if the policy lets it. */
import { getClient } from '@temporalio/activity';
import type { ApprovalRequest } from '../domain/approval';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { lifecycleId } from '../domain/ids';
import { type ApplyMessage, MESSAGES, type PackedDefinition } from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import type { LifecycleState } from '../domain/phases';
import { type Plan, planOf } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { checkProject, invalidDefinition } from '../project/define-project';
import { digestOf } from '../runtime/digest';
import { unpackDefinition } from '../runtime/packed-definition';
import { applyDefinition } from '../stores/apply-definition';
import { lastCycleNumber } from '../stores/cycles';
import { recordDefinition } from '../stores/definitions';
import { askedAt, type Caller, notAuthorized, requireCaller } from './caller';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { findStart, findUpdate } from './history';
import { registeredUses } from './registered/uses';
import { keepSource } from './registered/user-code';

export interface RegisterDefinition {
  readonly project: string;
  /** Id of the update `apply` that carries it; absent for the definition that the lifecycle was started with. */
  readonly updateId?: string;
}

export interface RegisteredDefinition {
  /** In force now: what was sent, or still the one before. */
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly searchAttributes: boolean;
  /** How many cycles this project has had. */
  readonly cycles: number;
  /** People must approve what was sent first. */
  readonly waits?: WaitingDefinition;
  /** Workflow of a request that this one takes the place of. */
  readonly superseded?: string;
}

export interface WaitingDefinition {
  readonly request: ApprovalRequest;
  /** What of it needs an approval, in words. */
  readonly why: readonly string[];
}

interface SentDefinition {
  readonly sent: PackedDefinition;
  readonly by: string;
  readonly comment?: string;
  readonly callerIdentity: string;
}

export function projectActivities(deps: ActivityDeps) {
  return {
    /**
     * Takes the definition from the message in the lifecycle's own history, checks it in full, every registered name,
     * and that registered code kept its source; then records it, and puts it in force or asks people first. `cycles`: a
     * project that is started again counts on, so that no cycle meets another's request.
     */
    async mlopsRegisterDefinition({ project, updateId }: RegisterDefinition): Promise<RegisteredDefinition> {
      const caller = requireCaller(lifecycleId(project));
      const { sent, by, comment, callerIdentity } =
        updateId === undefined ? await startedWith(caller) : await appliedBy(caller, updateId);
      const definition = checked(project, unpackDefinition(sent));
      const stores = await deps.stores();
      await checkRegistered(deps, definition);
      const ref = await recordDefinition(stores, definition, { by, callerIdentity });
      const applied = await applyDefinition(stores, {
        project,
        ref,
        definition,
        by,
        callerIdentity,
        ...(comment === undefined ? {} : { comment }),
        now: askedAt(),
      });
      const { inForce, request, superseded, why = [] } = applied;
      return {
        definition: inForce,
        plan: planOf(inForce.digest === ref.digest ? definition : await definitionOf(stores, inForce)),
        searchAttributes: deps.searchAttributes,
        cycles: await lastCycleNumber(stores, project),
        ...(superseded === undefined ? {} : { superseded }),
        ...(request === undefined ? {} : { waits: { request, why: why.slice(0, SHOWN_REASONS) } }),
      };
    },
  };
}

const SHOWN_REASONS = 5;

async function startedWith(caller: Caller): Promise<SentDefinition> {
  const start = await findStart(getClient(), caller);
  const { sent, appliedBy: by } = (start?.message ?? {}) as Partial<LifecycleState>;
  const mistake = malformedOperatorMessage(MESSAGES.apply, { id: 'start', by, definition: sent });
  if (start === undefined || sent === undefined || by === undefined || mistake !== undefined)
    throw notAuthorized('This run was not started with a definition.', { ...caller, mistake });
  return { sent, by, callerIdentity: start.callerIdentity };
}

async function appliedBy(caller: Caller, updateId: string): Promise<SentDefinition> {
  const update = await findUpdate(getClient(), caller, updateId);
  if (update?.name !== MESSAGES.apply || malformedOperatorMessage(MESSAGES.apply, update.message) !== undefined)
    throw notAuthorized('The history of the lifecycle shows no such update.', { ...caller, updateId });
  const { definition: sent, by, comment } = update.message as ApplyMessage;
  return { sent, by, callerIdentity: update.callerIdentity, ...(comment === undefined ? {} : { comment }) };
}

/** Whoever sent it: what the project files' own checks refuse is refused here. It must be complete, as they leave it. */
function checked(project: string, sent: unknown): ProjectDefinition {
  const { definition, mistakes } = checkProject(sent);
  if (definition === undefined) throw invalidDefinition(mistakes, { project });
  if (definition.name !== project)
    throw invalidDefinition([{ path: 'name', problem: `is ${definition.name}, not that of the lifecycle` }], {
      project,
    });
  if (digestOf(definition) !== digestOf(sent))
    throw invalidDefinition([{ path: '', problem: 'it lacks defaults: send what defineProject returns' }], { project });
  return definition;
}

async function checkRegistered(deps: ActivityDeps, definition: ProjectDefinition): Promise<void> {
  const known = await deps.registered.describe();
  for (const use of registeredUses(definition)) {
    const code = known.find((one) => one.kind === use.kind && one.name === use.name);
    if (code !== undefined) {
      await keepSource(deps, definition.name, code);
      continue;
    }
    const names = known.filter((code) => code.kind === use.kind).map((code) => code.name);
    throw new MlopsError(
      'MLOPS_NOT_REGISTERED',
      `The definition names the ${use.kind} ${use.name}, which this worker doesn't know.`,
      { project: definition.name, field: use.field, known: names.join(' ') || 'none' },
      'Register it in the MlopsPlugin of the worker, or correct the name.'
    );
  }
}
