/** A candidate that fails at what callers really send: they never notice, and the rollout takes it back by itself. */
import type { Replica } from '../../src/replica/run-replica';
import { defineProject } from '../../src/project/define-project';
import { rolloutsOf } from '../../src/stores/rollouts';
import { eventually } from '../support/eventually';
import { by, Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const MINUTE = 60_000;

let system: TestSystem;
let lifecycles: Lifecycles;
let project: string;
let replica: Replica;

beforeAll(async () => {
  system = await openSystem('fails');
  lifecycles = new Lifecycles(system, 'no file');
  project = lifecycles.define().name;
  await system.startWorker({ registered: require.resolve('../support/registered/machines') });
  replica = await startReplica(system, project);
  await lifecycles.start(define({}), '2026-02-12T00:00:00Z');
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

const define = (params: { readonly upTo?: number }) =>
  defineProject({
    name: project,
    source: {
      reader: { registered: 'sensors' },
      columns: { at: 'timestamp', celsius: 'number', broke: 'integer' },
      eventTime: 'at',
      knownAt: { eventTimePlus: { minutes: 1 } },
    },
    label: { name: 'breaks', labeler: { rule: { column: 'broke', op: '>', value: 0 } } },
    features: [{ transform: 'standardize', column: 'celsius' }],
    model: { trainer: { registered: 'thermostat', params } },
    split: { minTrainRows: 100, minTestRows: 100 },
    approval: { approvers: ['ana'] },
    rollout: {
      steps: [
        { name: 'canary', share: 0.5, for: { event: '1 day' } },
        { name: 'full', share: 1, for: { event: '1 day' } },
      ],
    },
    monitoring: { allowedLateness: { event: '0 seconds' } },
  });

/** The version that answered the reading of that minute. */
async function infer(minute: number, celsius: number): Promise<string> {
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: `m${minute}`,
      parameters: {
        eventTime: new Date(Date.UTC(2026, 1, 20) + minute * MINUTE).toISOString(),
        key: `sensor-${minute}`,
      },
      inputs: [{ name: 'celsius', shape: [1], datatype: 'FP64', data: [celsius] }],
    }),
  });
  expect([minute, celsius, answer.status]).toEqual([minute, celsius, 200]);
  return ((await answer.json()) as { model_version: string }).model_version;
}

test('every caller is answered, by the champion where the candidate fails', async () => {
  await system.client.apply(define({ upTo: 100 }), by('dan'));
  await system.client.retrain(project, { ...by('cem'), asOf: '2026-02-19T00:00:00Z' });
  await lifecycles.decide(project, 2, 'approve');
  await eventually('the canary is live', async () => {
    const endpoint = await raw(system.stores).endpoints.findOne({ _id: project });
    const [live] = await raw(system.stores).replicas.find({ endpoint: project }).toArray();
    return endpoint?.candidate?.share === 0.5 && live?.revision === endpoint.revision ? true : undefined;
  });
  const cool = [await infer(0, 30)];
  const hot = [await infer(1, 500)];
  await eventually('the step’s clock has started', async () => {
    const endpoint = await raw(system.stores).endpoints.findOne({ _id: project });
    return endpoint?.rollout.until === undefined ? undefined : true;
  });
  // Within the first day, so that the step is judged by all of them: half of the sixty hot ones, give or take, meet the candidate.
  for (let minute = 2; minute < 120; minute += 2) {
    cool.push(await infer(minute, 30));
    hot.push(await infer(minute + 1, 500));
  }
  cool.push(await infer(2 * 24 * 60, 30));
  expect(new Set(cool)).toEqual(new Set(['1', '2']));
  expect(new Set(hot)).toEqual(new Set(['1']));
});

test('the rollout counts what it failed at, and gives the endpoint back to the champion', async () => {
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'rolled-back' });
  const endpoint = await raw(system.stores).endpoints.findOne({ _id: project });
  expect(endpoint).toMatchObject({ champion: { number: 1 }, rollout: { state: 'rolled-back' } });
  expect(endpoint?.candidate).toBeUndefined();
  expect(await rolloutsOf(system.stores).findOne({ project, 'served.number': 2 })).toMatchObject({
    outcome: 'rolled-back',
    because: expect.stringMatching(
      /^the candidate failed \d+ of \d+ requests, the champion 0 of \d+ \(p = [0-9.e-]+\); its first failure: .*out of data bounds/
    ) as unknown,
  });
  expect(await raw(system.stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({ number: 1 });
});
