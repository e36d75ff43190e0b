/**
 * The loop with a data converter that seals every payload: worker, compute worker, replica, client and command are given
 * it by MLOPS_DATA_CONVERTER, and Temporal sees nothing of what they say.
 */
import { join } from 'node:path';
import { decidedDigest } from '../../src/domain/approval';
import { lifecycleId, phaseId } from '../../src/domain/ids';
import { readEnvironment } from '../../src/runtime/environment';
import { mlopsJson } from '../cli/mlops';
import { by, FEBRUARY, Lifecycles } from '../support/lifecycles';
import { spawnReplica, type ReplicaProcess } from '../support/replica-process';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';

let system: TestSystem;
let lifecycles: Lifecycles;
let worker: WorkerProcess;
let replica: ReplicaProcess;

beforeAll(async () => {
  const converter = require.resolve('../support/aes-codec.cjs');
  system = await openSystem('codec', { ...readEnvironment(), MLOPS_DATA_CONVERTER: converter });
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  worker = spawnWorker(system);
  await worker.ready;
});
afterAll(async () => {
  await lifecycles.end();
  await replica?.kill();
  await worker.kill();
  await system.close();
});

/** Encodings of all payloads in a workflow's history; user metadata and search attributes are Temporal's own to read. */
async function encodings(workflowId: string): Promise<ReadonlySet<string>> {
  const { events } = await lifecycles.handle(workflowId).fetchHistory();
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { metadata, data } = value as { metadata?: { encoding?: Uint8Array }; data?: unknown };
    if (metadata?.encoding !== undefined && data !== undefined)
      return void found.add(Buffer.from(metadata.encoding).toString());
    for (const [name, member] of Object.entries(value)) {
      if (!/searchAttributes|userMetadata|memo/i.test(name)) visit(member);
    }
  };
  visit(events);
  return found;
}

test('from start to a deployed version, and not a payload of it can be read in a history', async () => {
  const plain = lifecycles.define();
  const definition = { ...plain, approval: { ...plain.approval, approversNeeded: 2 } };
  replica = await spawnReplica(system, definition.name, join(system.folder, 'replica'));
  const project = await lifecycles.start(definition, FEBRUARY);
  // One decision by the command's update, one by a signal: both are found sealed in the history of the request's run.
  const { _id, workflowId, subject } = await lifecycles.request(project, 1);
  const digest = decidedDigest(subject);
  const command = ['decide', _id, '--approve', '--by', 'ana', '--digest', digest, '--comment', 'looks right'];
  expect(await mlopsJson(command, system.env)).toMatchObject({ outcome: 'accepted', state: 'open' });
  await system.client.signal(workflowId, 'decide', { ...by('ben'), verdict: 'approve', digest, comment: 'so it does' });
  expect(await lifecycles.cycle(project, 1, 'finished')).toMatchObject({ outcome: 'deployed' });
  expect(await mlopsJson(['status', project], system.env)).toMatchObject({ project });
  const recorded = await Promise.all(
    ['ana', 'ben'].map(async (person) => (await system.stores.facts.find('decision', `${_id}/${person}`))?.body)
  );
  expect(recorded).toMatchObject([
    { by: 'ana', verdict: 'approve', digest, via: 'update', comment: 'looks right' },
    { by: 'ben', verdict: 'approve', digest, via: 'signal', comment: 'so it does' },
  ]);
  for (const id of [lifecycleId(project), phaseId(project, 1, 'train'), phaseId(project, 1, 'approve')])
    expect([id, [...(await encodings(id))]]).toEqual([id, ['binary/encrypted']]);
  await system.client.stop(project, by('operator'));
});
