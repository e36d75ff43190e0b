/** Everything that `mlops doctor` looks at. A server that can't be reached is one finding, and the rest goes on. */
import { MlopsClient } from '../../client';
import { MlopsError } from '../../domain/errors';
import { openRecordStores, type RecordStores } from '../../records/stores';
import { storeConfig } from '../../stores/config';
import { refusal } from '../../runtime/refusal';
import { startServer } from '../../runtime/server-advice';
import { oneLine } from '../verb';
import { examineAudit } from './audit';
import { type Finding, problem } from './finding';
import { examineMonitors } from './monitors';
import { examineRefs } from './refs';
import { examineReplicas } from './replicas';
import { examineMongo, examineObjectStore } from './stores';
import { examineStuck } from './stuck';
import { VERIFICATIONS } from './verify/verify';
import { examineQueues, examineSearchAttributes, examineTemporal } from './temporal';

export interface Examination {
  readonly taskQueue?: string;
  /** Recompute every digest from content, too. */
  readonly verify?: true;
}

export async function examine({ taskQueue, verify }: Examination): Promise<Finding[]> {
  const [temporal, records] = await Promise.all([ofTemporal(taskQueue), ofStores(verify === true)]);
  const both = [...temporal, ...records].every(({ about, state }) => state !== 'problem' || !SERVERS.includes(about));
  return [...temporal, ...records, ...(both ? await ofBoth() : [])];
}

/** Findings about a server that is away. */
const SERVERS = ['temporal', 'configuration', 'mongodb'];

async function ofBoth(): Promise<Finding[]> {
  const client = await MlopsClient.connect({});
  const stores = openRecordStores(storeConfig());
  try {
    return await all(['monitors', () => examineMonitors(client, stores)]);
  } finally {
    await Promise.all([client.close(), stores.close()]);
  }
}

async function ofTemporal(taskQueue: string | undefined): Promise<Finding[]> {
  const connected = await attempt('temporal', () => MlopsClient.connect(taskQueue === undefined ? {} : { taskQueue }));
  if (!(connected instanceof MlopsClient)) return [connected];
  try {
    return await all(
      ['temporal', () => examineTemporal(connected)],
      ['search attributes', () => examineSearchAttributes(connected)],
      ['queues', () => examineQueues(connected)],
      ['workflows', () => examineStuck(connected)]
    );
  } finally {
    await connected.close();
  }
}

async function ofStores(verify: boolean): Promise<Finding[]> {
  const stores = await attempt('configuration', async () => openRecordStores(storeConfig()));
  if ('state' in stores) return [stores];
  try {
    const mongo = await attempt('mongodb', () => examineMongo(stores));
    const objects = await attempt('object store', () => examineObjectStore(stores));
    const servers = [mongo, objects];
    if (mongo.state === 'problem') return servers;
    const found = await ofRecords(stores, objects.state !== 'problem');
    if (!verify) return [...servers, ...found];
    // Its audit takes the place of the short look at the chains.
    const short = found.filter(({ about }) => about.split(' ')[0] !== 'audit');
    return [...servers, ...short, ...(await verified(stores))];
  } finally {
    await stores.close();
  }
}

function ofRecords(stores: RecordStores, withObjects: boolean): Promise<Finding[]> {
  return all(
    ['endpoints', () => examineReplicas(stores)],
    ['refs', () => examineRefs(stores, withObjects)],
    ['audit', () => examineAudit(stores)]
  );
}

/** One after the other: each reads much. */
async function verified(stores: RecordStores): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [about, verify] of VERIFICATIONS) {
    const found = await attempt(about, () => verify(stores));
    findings.push(...[found].flat());
  }
  return findings;
}

async function all(...parts: readonly (readonly [string, () => Promise<Finding[]>])[]): Promise<Finding[]> {
  const found = await Promise.all(parts.map(([about, look]) => attempt(about, look)));
  return found.flat();
}

async function attempt<T>(about: string, look: () => Promise<T>): Promise<T | Finding> {
  try {
    return await look();
  } catch (thrown) {
    const error = refusal(thrown);
    const what = oneLine(error instanceof Error ? error.message || error.name : String(error));
    const fix = error instanceof MlopsError && error.fix !== '' ? error.fix : FIXES[about];
    return problem(about, what, fix ?? startServer('TEMPORAL_ADDRESS'));
  }
}

const FIXES: Readonly<Record<string, string>> = {
  mongodb: startServer('MONGODB_URI'),
  'object store': startServer('S3_ENDPOINT'),
};
