/** The definition's door: registered once, under the digest that everyone then names. */
import { digestOf } from '../runtime/digest';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Digest, Ref } from '../domain/refs';
import { describeRegistered } from '../project/registry';
import { refOf } from '../stores/facts';
import type { ActivityDeps } from './deps';
import { registeredUses } from './registered/uses';

export interface RegisterDefinition {
  readonly definition: ProjectDefinition;
  readonly digest: Digest;
  readonly appliedBy: string;
}

export function projectActivities(deps: ActivityDeps) {
  return {
    /**
     * Checks the digest and every registered name, and that registered code kept its source; then records it. `cycles`:
     * how many this project has had. A project that is started again counts on, so that no cycle meets another's request.
     */
    async mlopsRegisterDefinition({
      definition,
      digest,
      appliedBy,
    }: RegisterDefinition): Promise<{ ref: Ref<'definition'>; searchAttributes: boolean; cycles: number }> {
      const found = digestOf(definition);
      if (found !== digest) {
        throw new MlopsError(
          'MLOPS_DEFINITION_INVALID',
          'The definition is not the one that its digest names.',
          { project: definition.name, digest, found },
          'Send the digest of the definition as it is sent.'
        );
      }
      const stores = await deps.stores();
      await checkRegistered(deps, definition);
      for (const code of describeRegistered(deps.registered)) {
        await stores.moving.registerCode(`${code.kind}/${code.name}/${code.version}`, code.sourceDigest);
      }
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
      return { ref: refOf(fact), searchAttributes: deps.searchAttributes, cycles };
    },
  };
}

async function checkRegistered(deps: ActivityDeps, definition: ProjectDefinition): Promise<void> {
  const known = describeRegistered(deps.registered);
  for (const use of registeredUses(definition)) {
    if (known.some((code) => code.kind === use.kind && code.name === use.name)) continue;
    const names = known.filter((code) => code.kind === use.kind).map((code) => code.name);
    throw new MlopsError(
      'MLOPS_NOT_REGISTERED',
      `The definition names the ${use.kind} ${use.name}, which this worker doesn't know.`,
      { project: definition.name, field: use.field, known: names.join(' ') || 'none' },
      'Register it in the MlopsPlugin of the worker, or correct the name.'
    );
  }
}
