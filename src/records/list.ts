/** Lists of records: the newest ones, the oldest of them first. */
import type { Fact } from '../domain/records';
import { cyclesCausedBy } from '../stores/cycles';
import { listStored } from '../stores/listing';
import { liveReplicas } from '../stores/replicas';
import { triggeringWindows } from '../stores/windows';
import type { RecordKind, RecordOf, ReplicaRecord, TriggerRecord } from './kinds';
import { listProjects } from './projects';
import type { RecordStores } from './stores';
import { withStatus } from './version-status';
import { triggerId } from '../domain/ids';

export interface ListFilter {
  readonly project?: string;
  /** Default 100. */
  readonly limit?: number;
}

export interface Listed<R> {
  readonly records: readonly R[];
  /** How many there are in all. */
  readonly total: number;
}

/** Predictions are listed by endpoint and day instead (predictions.ts). */
export type ListKind = Exclude<RecordKind, 'prediction'>;

const DEFAULT_LIMIT = 100;

export async function listRecords<K extends ListKind>(
  stores: RecordStores,
  kind: K,
  filter: ListFilter = {}
): Promise<Listed<RecordOf<K>>> {
  return (await listed(stores, kind, filter)) as Listed<RecordOf<K>>;
}

async function listed(stores: RecordStores, kind: ListKind, filter: ListFilter): Promise<Listed<unknown>> {
  if (kind === 'project') return newest(await listProjects(stores, filter.project), filter);
  if (kind === 'trigger') return newest(await triggers(stores, filter.project), filter);
  const { records, total } = await listStored(stores, kind, filter.project, filter.limit ?? DEFAULT_LIMIT);
  if (kind === 'replica') return { records: await withLiveness(stores, records as ReplicaRecord[]), total };
  if (kind === 'version') return { records: await withStatus(stores, records as Fact<'version'>[]), total };
  return { records, total };
}

function newest<R>(all: readonly R[], { limit = DEFAULT_LIMIT }: ListFilter): Listed<R> {
  return { records: all.slice(-limit), total: all.length };
}

export async function withLiveness(
  stores: RecordStores,
  replicas: readonly Omit<ReplicaRecord, 'live'>[]
): Promise<ReplicaRecord[]> {
  const endpoints = [...new Set(replicas.map(({ endpoint }) => endpoint))];
  const live = (await Promise.all(endpoints.map((endpoint) => liveReplicas(stores, endpoint)))).flat();
  return replicas.map((replica) => ({ ...replica, live: live.some(({ _id }) => _id === replica._id) }));
}

/** What windows triggered, by event time. */
export async function triggers(stores: RecordStores, project?: string): Promise<TriggerRecord[]> {
  const windows = await triggeringWindows(stores, project);
  const cycles = await cyclesCausedBy(
    stores,
    windows.map(({ _id }) => _id)
  );
  return windows.flatMap(({ _id: window, body }) =>
    body.triggers.map((trigger) => {
      const cycle = cycles.find(({ causes }) =>
        causes.some((cause) => cause.window === window && cause.kind === trigger.on)
      );
      const led = cycle === undefined ? {} : { cycle: cycle._id };
      return {
        _id: triggerId(window, trigger.on),
        project: body.endpoint,
        window,
        asOf: body.asOf,
        ...trigger,
        ...led,
      };
    })
  );
}
