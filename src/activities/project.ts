/** The definition's door: registered once, under the digest that everyone then names. */
import { digestOf } from '../runtime/digest';
import { unpackDefinition } from '../runtime/packed-definition';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { PackedDefinition } from '../domain/messages';
import { type Plan, planOf } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { checkProject, invalidDefinition } from '../project/define-project';
import { refOf } from '../stores/facts';
import type { ActivityDeps } from './deps';
import { registeredUses } from './registered/uses';
import { keepSource } from './registered/user-code';

export interface RegisterDefinition {
  readonly project: string;
  readonly sent: PackedDefinition;
  readonly appliedBy: string;
}

export interface RegisteredDefinition {
  readonly definition: Ref<'definition'>;
  readonly plan: Plan;
  readonly searchAttributes: boolean;
  /** How many cycles this project has had. */
  readonly cycles: number;
}

export function projectActivities(deps: ActivityDeps) {
  return {
    /**
     * Checks the definition in full, every registered name, and that registered code kept its source; then records it.
     * `cycles`: a project that is started again counts on, so that no cycle meets another's request.
     */
    async mlopsRegisterDefinition({ project, sent, appliedBy }: RegisterDefinition): Promise<RegisteredDefinition> {
      const { digest } = sent;
      const definition = checked(project, unpackDefinition(sent));
      const stores = await deps.stores();
      await checkRegistered(deps, definition);
      const { fact } = await stores.facts.commit(
        {
          _id: `${definition.name}/${digest}`,
          kind: 'definition',
          digest,
          inputs: [],
          artifacts: [],
          body: { definition, appliedBy },
        },
        {
          audit: {
            id: `definition ${definition.name} ${digest}`,
            project: definition.name,
            what: 'definition applied',
            by: appliedBy,
            detail: { digest },
          },
        }
      );
      const last = await stores.moving.cycles
        .find({ project: definition.name, cycle: { $gt: 0 } })
        .sort({ cycle: -1 })
        .limit(1)
        .next();
      const cycles = typeof last?.cycle === 'number' ? last.cycle : 0;
      return { definition: refOf(fact), plan: planOf(definition), searchAttributes: deps.searchAttributes, cycles };
    },
  };
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
