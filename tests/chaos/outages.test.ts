/**
 * MongoDB, MinIO and Temporal, each killed for 10 s while a cycle trains, and each hanging for 10 s while its approver
 * decides and it is deployed: the cycle finishes by itself, with the worker that it began with.
 */
import { setTimeout as passed } from 'node:timers/promises';
import { decidedDigest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { phaseId, STEPS_CHAIN } from '../../src/domain/ids';
import type { DecisionAnswer } from '../../src/domain/messages';
import type { Digest } from '../../src/domain/refs';
import type { Replica } from '../../src/replica/run-replica';
import { eventually } from '../support/eventually';
import { type OwnStack, type Server, startOwnStack } from '../support/own-stack';
import { startReplica } from '../support/replica';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { artifactsNamed, brokenEdges } from './all-records';
import { raw } from '../support/raw-records';
import { PLAIN_NETWORK } from '../support/plain-network';

const OUTAGE_MS = 10_000;

let stack: OwnStack;
let system: TestSystem;
let project: string;
let definition: ProjectDefinition;
let worker: WorkerProcess;
let replica: Replica;

beforeAll(async () => {
  stack = await startOwnStack(5700);
  system = await openSystem('outages', stack.env);
  project = system.name.slice(0, 40);
  definition = smallProject(project, await writeSmallFlights(system.folder), {
    // Some seconds of training: the outage must fall into it.
    model: {
      network: {
        ...PLAIN_NETWORK,
        hidden: [64, 64],
        batch: 8,
        learningRate: 0.001,
        epochs: 40,
        maxRowsSeen: 1e6,
        seed: 4,
      },
    },
    rollout: {
      steps: [{ name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } }],
      minReplicas: 1,
      replicasWithin: { wall: '5 minutes' },
    },
  });
  worker = spawnWorker(system);
  await worker.ready;
  replica = await startReplica(system, project);
});
afterAll(async () => {
  try {
    await worker?.kill();
    await replica?.close();
    await system?.close();
  } finally {
    await stack?.wipe();
  }
});

/** They leave with their step, so one is there while it trains. */
const checkpoints = () => raw(system.stores).db.collection('checkpoints').countDocuments();

/** The outage itself: nothing here waits for anything else. */
async function killed(server: Server): Promise<void> {
  stack.kill(server, 'SIGKILL');
  await passed(OUTAGE_MS);
  await stack.up();
}

async function hanging(server: Server, meanwhile: () => void): Promise<void> {
  stack.kill(server, 'SIGSTOP');
  meanwhile();
  await passed(OUTAGE_MS);
  stack.kill(server, 'SIGCONT');
}

const requestOpen = (cycle: number) =>
  eventually(`request ${cycle} is open`, async () => {
    const request = await raw(system.stores).requests.findOne({ _id: `${project}/${cycle}` });
    const child = system.client.temporal.workflow.getHandle(phaseId(project, cycle, 'approve'));
    const running = (await child.describe().catch(() => undefined))?.status.name === 'RUNNING';
    return running ? (request ?? undefined) : undefined;
  });

/** As a person would: what wasn't answered is sent again, under the same id. */
async function decide(cycle: number, digest: Digest): Promise<DecisionAnswer> {
  const decision = { id: `yes-${cycle}`, by: 'ana', verdict: 'approve', digest } as const;
  const send = () => system.client.decide(`${project}/${cycle}`, decision).catch(() => undefined);
  return eventually(`an answer in cycle ${cycle}`, send);
}

interface ServedModel {
  readonly versions: readonly string[];
}

test.each([
  [1, 'mongod', '2001-02-01T00:00:00Z'],
  [2, 'minio', '2001-02-08T00:00:00Z'],
  [3, 'temporal', '2001-02-15T00:00:00Z'],
] as const)('cycle %i finishes by itself though %s is killed, and hangs', async (cycle, server, asOf) => {
  const asked = { id: `go-${cycle}`, by: 'cem', asOf };
  const answer =
    cycle === 1 ? await system.client.start({ definition, ...asked }) : await system.client.retrain(project, asked);
  expect(answer).toMatchObject({ outcome: 'accepted' });
  await eventually('it trains', async () => ((await checkpoints()) === 1 ? true : undefined));
  await killed(server);

  const { subject } = await requestOpen(cycle);
  let deciding: Promise<DecisionAnswer> | undefined;
  await hanging(server, () => {
    deciding = decide(cycle, decidedDigest(subject));
  });
  expect(await deciding).toMatchObject({ outcome: 'accepted', state: 'approved' });
  await eventually(
    'the cycle has ended',
    async () => (await system.stores.audit.find(`cycle ${project}/${cycle}`)) ?? undefined
  );
  expect(await raw(system.stores).cycles.findOne({ _id: `${project}/${cycle}` })).toMatchObject({
    state: 'finished',
    outcome: 'deployed',
  });
});

test('the worker never ended, and the replica serves the last version', async () => {
  expect(await Promise.race([worker.ended, passed(0, 'running')])).toBe('running');
  // The replica reads the endpoint's document on its own, and lets the former version go a moment after the rollout.
  const served = async () => {
    const { versions } = (await (await fetch(`${replica.address}/v2/models/${project}`)).json()) as ServedModel;
    return versions.length === 1 ? versions : undefined;
  };
  expect(await eventually('one version is served', served)).toEqual(['3']);
});

test('records are whole: each once, none refers to what is not there', async () => {
  const { stores } = system;
  const count = async (name: string) => raw(stores).db.collection(name).countDocuments();
  for (const name of ['cycles', 'requests', 'decisions', 'versions', 'runs', 'evaluations', 'rollouts', 'snapshots'])
    expect([name, await count(name)]).toEqual([name, 3]);
  const versions = await raw(stores).facts('version').find().sort({ 'body.number': 1 }).toArray();
  expect(versions.map(({ _id, body }) => [_id, body.number])).toEqual([1, 2, 3].map((n) => [`${project}/${n}`, n]));
  expect(await brokenEdges(stores)).toEqual([]);
  for (const digest of await artifactsNamed(stores))
    expect([digest, await stores.artifacts.hasObject(digest)]).toEqual([digest, true]);
});

test('the audit tells each thing once, in an unbroken chain, and no step made other bytes the second time', async () => {
  const told = (await system.stores.audit.list(project)).map(({ what }) => what).sort();
  const ofCycle = [
    'approval requested',
    'cycle ended',
    'decision accepted',
    'request approved',
    'retrain',
    'rollout deployed',
  ];
  expect(told).toEqual(
    ['definition applied', 'definition in force', ...[1, 2, 3].flatMap(() => [...ofCycle, 'version registered'])].sort()
  );
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
  expect(await system.stores.audit.list(STEPS_CHAIN)).toEqual([]);
});
