/** A project whose cycles have come to snapshots: by the activities alone, on the real stores. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import flights from '../../examples/flights/project';
import type { ActivityDeps, JobName } from '../../src/activities/deps';
import { ingestActivities } from '../../src/activities/ingest';
import { pageJob } from '../../src/engines/report/page-job';
import { labelActivities } from '../../src/activities/label';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Fact } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import { ingest } from '../../src/engines/tables/ingest';
import { label as labelRows } from '../../src/engines/tables/label';
import { changeCycle, openCycle } from '../../src/stores/cycles';
import type { Stores } from '../../src/stores/connect';
import { type OwnStores, openOwnStores } from './own-stores';
import { registeredDefinition } from './registered-definition';

export interface RecordedCycles extends OwnStores {
  readonly deps: ActivityDeps;
  readonly project: string;
  /** Labels of a snapshot, as the project's definition makes them. */
  label(snapshot: Fact<'snapshot'>): Promise<Fact<'labelSet'>>;
  /** Writes the source's file anew and ingests it as a cycle of the project does. */
  cycle(lines: readonly string[], asOf: string): Promise<Fact<'snapshot'>>;
}

export const HEADER = 'id,at,value,city,email';

/** People's orders: id is the key, email is private, a value below zero goes to quarantine. */
export function orders(project: string): ProjectDefinition {
  return {
    ...flights,
    name: project,
    source: {
      name: 'orders',
      reader: {
        file: {
          path: 'orders.csv',
          format: 'csv',
          csv: {
            delimiter: ',',
            quote: '"',
            escape: '"',
            encoding: 'utf-8',
            decimal: '.',
            header: true,
            skip: 0,
            trim: false,
          },
        },
      },
      missing: ['-'],
      columns: {
        id: { type: 'integer' },
        at: { type: 'timestamp' },
        value: { type: 'number' },
        city: { type: 'string' },
        email: { type: 'string', privacy: true },
      },
      key: ['id'],
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
    },
    schema: {
      columns: [{ column: 'value', min: 0, severity: 'block', required: false }],
      table: [],
      dependencies: [],
      maxQuarantinedShare: 0.5,
      maxBrokenShare: 0.5,
      minRows: 1,
      newColumns: 'report',
      newCategories: 'report',
      newCategoriesOf: {},
    },
    features: [{ transform: 'weekday', column: 'at' }],
    label: { name: 'high', version: 1, labeler: { rule: { column: 'value', op: '>', value: 1 } } },
  };
}

export async function openRecordedCycles(
  label: string,
  definition: ProjectDefinition = orders('orders')
): Promise<RecordedCycles> {
  const system = await openOwnStores(label);
  const deps = withEngines(system.deps);
  const registered = await registeredDefinition(system.stores, definition);
  const project = definition.name;
  let newest: Ref<'snapshot'> | undefined;
  let cycles = 0;
  return {
    ...system,
    deps,
    project,
    async label({ _id: id, digest }) {
      const labelled = { definition: registered.definition, snapshot: { kind: 'snapshot', id, digest } } as const;
      return system.stores.facts.get(await run(() => labelActivities(deps).mlopsLabel(labelled)));
    },
    async cycle(lines, asOf) {
      await writeFile(join(system.folder, 'orders.csv'), [HEADER, ...lines, ''].join('\n'));
      newest = await snapshotOf(deps, registered.definition, asOf, newest);
      cycles += 1;
      await recordCycle(system.stores, { project, cycle: cycles, definition: registered.definition, asOf }, newest);
      return system.stores.facts.get(newest);
    },
  };
}

function withEngines(deps: ActivityDeps): ActivityDeps {
  const jobs: Partial<Record<JobName, (input: never, context: never) => Promise<unknown>>> = {
    ingest,
    label: labelRows,
    report: pageJob,
  };
  return {
    ...deps,
    runJob: (async (job: JobName, input: never, { folder }: { readonly folder: string }) =>
      jobs[job]!(input, { folder, progress: () => undefined, checkpoint: () => undefined } as never)) as never,
  };
}

const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

async function snapshotOf(
  deps: ActivityDeps,
  definition: Ref<'definition'>,
  asOf: string,
  parent: Ref<'snapshot'> | undefined
): Promise<Ref<'snapshot'>> {
  const activities = ingestActivities(deps);
  const observation = await run(() => activities.mlopsObserve({ definition, asOf }));
  return run(() => activities.mlopsIngest({ definition, observation, ...(parent === undefined ? {} : { parent }) }));
}

async function recordCycle(
  stores: Stores,
  opened: {
    readonly project: string;
    readonly cycle: number;
    readonly definition: Ref<'definition'>;
    readonly asOf: string;
  },
  snapshot: Ref<'snapshot'>
): Promise<void> {
  await openCycle(stores, { ...opened, causes: [], triggers: [], appliedBy: 'ana' });
  await changeCycle(stores, { project: opened.project, cycle: opened.cycle, order: 1 }, { refs: { snapshot } });
}
