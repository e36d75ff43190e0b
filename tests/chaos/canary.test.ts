/**
 * The endpoint's only replica, killed in the middle of a canary under traffic and started again: the rollout goes on, every
 * key meets the version that its share says, and no acknowledged prediction is without its record.
 */
import { join } from 'node:path';
import { decidedDigest } from '../../src/domain/approval';
import type { EndpointDocument } from '../../src/domain/endpoint';
import { phaseId } from '../../src/domain/ids';
import { goesToCandidate } from '../../src/serve/sticky-route';
import { eventually } from '../support/eventually';
import { type ReplicaProcess, spawnReplica } from '../support/replica-process';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

const SHARE = 0.2;
const MINUTE = 60_000;

let system: TestSystem;
let project: string;
let replica: ReplicaProcess;

/** Answered requests: their key, and the version that answered. */
const answered = new Map<string, { readonly key: string; readonly version: string; readonly prediction: string }>();
/** What happens at the next answer. */
let onAnswer = (): void => undefined;
let sent = 0;

beforeAll(async () => {
  system = await openSystem('canary');
  project = system.name.slice(0, 40);
  await system.startWorker();
  replica = await startReplica();
  const definition = smallProject(project, await writeSmallFlights(system.folder), {
    rollout: {
      steps: [
        { name: 'canary', share: SHARE, shadow: false, for: { event: '4 days' } },
        { name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } },
      ],
      minReplicas: 1,
      replicasWithin: { wall: '5 minutes' },
    },
  });
  const started = system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' });
  await approve(1);
  await started;
  await ended(1);
});
afterAll(async () => {
  await system.client.stop(project, { id: 'stop', by: 'operator' }).catch(() => undefined);
  await replica.kill();
  await system.close();
});

const startReplica = () => spawnReplica(system, project, join(system.folder, 'replica'));
const ended = (cycle: number) =>
  eventually(
    `cycle ${cycle} has ended`,
    async () => (await system.stores.audit.find(`cycle ${project}/${cycle}`)) ?? undefined
  );

async function approve(cycle: number): Promise<void> {
  const { subject } = await eventually(`request ${cycle} is open`, async () => {
    const request = await raw(system.stores).requests.findOne({ _id: `${project}/${cycle}` });
    const child = system.client.temporal.workflow.getHandle(phaseId(project, cycle, 'approve'));
    const running = (await child.describe().catch(() => undefined))?.status.name === 'RUNNING';
    return running ? (request ?? undefined) : undefined;
  });
  await system.client.decide(`${project}/${cycle}`, {
    id: `yes-${cycle}`,
    by: 'ana',
    verdict: 'approve',
    digest: decidedDigest(subject),
  });
}

const endpoint = () => raw(system.stores).endpoints.findOne({ _id: project });

/** Sends requests, each five minutes of event time after the one before, 16 at once; one that fails is sent again. */
async function send(count: number, until: () => boolean = () => false): Promise<void> {
  const last = sent + count;
  const lane = async () => {
    while (sent < last && !until()) {
      const number = sent;
      sent += 1;
      await eventually(`request ${number} is answered`, () => infer(number));
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

async function infer(number: number): Promise<true | undefined> {
  const [id, key] = [`r${number}`, `flight-${number}`];
  const eventTime = new Date(Date.parse('2001-02-08T00:00:00Z') + number * 5 * MINUTE).toISOString();
  const input = (name: string, datatype: string, value: unknown) => ({ name, shape: [1], datatype, data: [value] });
  const inputs = [
    input('date', 'INT64', Date.parse(eventTime) * 1000),
    input('distance', 'INT64', 300 + (number % 1000)),
    input('origin', 'BYTES', 'ORD'),
    input('destination', 'BYTES', 'SFO'),
  ];
  const body = JSON.stringify({ id, parameters: { eventTime, key }, inputs });
  const headers = { 'content-type': 'application/json' };
  const url = `${replica.address}/v2/models/${project}/infer`;
  const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const { id: prediction, model_version: version } = (await answer.json()) as { id: string; model_version: string };
  answered.set(id, { key, version, prediction });
  onAnswer();
  return true;
}

/** Answers of requests from `first` on that came from another version than the key's place says. */
function misrouted(first: number, rollout: string): string[] {
  return [...answered]
    .filter(([id]) => Number(id.slice(1)) >= first)
    .filter(([, { key, version }]) => version !== (goesToCandidate(rollout, key, SHARE) ? '2' : '1'))
    .map(([id]) => id);
}

test('killed in mid-canary under traffic and started again, the replica serves the shares of the step', async () => {
  await send(20);
  await system.client.retrain(project, { id: 'two', by: 'cem', asOf: '2001-02-08T00:00:00Z' });
  await approve(2);
  const { rollout } = await eventually<EndpointDocument>('the canary runs', async () => {
    const found = await endpoint();
    return found?.rollout.stepName === 'canary' && found.rollout.until !== undefined ? found : undefined;
  });

  const first = sent;
  // With that answer, not a moment later: a fast machine would have sent them all.
  const killed = new Promise<void>((resolve, reject) => {
    onAnswer = () => {
      if (answered.size < first + 150) return;
      onAnswer = () => undefined;
      replica.kill().then(resolve, reject);
    };
  });
  const loaded = send(400);
  await killed;
  expect(answered.size).toBeLessThan(first + 400);
  const before = answered.size;
  replica = await startReplica();
  await loaded;
  await send(200);
  expect(answered.size - before).toBeGreaterThan(200);
  expect((await endpoint())?.rollout).toMatchObject({ stepName: 'canary', until: rollout.until });
  expect(misrouted(first, rollout.id)).toEqual([]);
  const ofCandidate = [...answered.values()].filter(({ version }) => version === '2').length;
  const share = ofCandidate / (answered.size - first);
  // The rollout's id deals the keys anew in each run: of 600, 0.1 is more than six standard deviations away.
  expect(Math.abs(share - SHARE)).toBeLessThan(0.1);
});

test('the rollout goes on to its end', async () => {
  let deployed = false;
  const sending = send(20_000, () => deployed);
  await ended(2).finally(() => {
    deployed = true;
  });
  await sending;
  expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'finished', epoch: 2 } });
  const found = await raw(system.stores).cycles.findOne({ _id: `${project}/2` });
  expect(found).toMatchObject({ outcome: 'deployed' });
});

test('no acknowledged prediction is without its record, and none is stored twice', async () => {
  await replica.drain();
  const records = raw(system.stores).db.collection<{ _id: string }>(`predictions.${project}`);
  const stored = (await records.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
  const ids = new Set(stored);
  expect([...answered.values()].filter(({ prediction }) => !ids.has(prediction))).toEqual([]);
  expect(ids.size).toBe(stored.length);
  expect(ids.size).toBe(sent);
});
