import { MlopsError } from '../../src/domain/errors';
import { CLOCK_AGREEMENT } from '../../src/domain/endpoint';
import { findClock } from '../../src/stores/clocks';
import { countWithoutEventTime, coverage, findPrediction } from '../../src/stores/predictions';
import { flightRequest, flightsVersion } from '../serve/flights-model';
import { openTestEndpoint, ROLLOUT, type TestEndpoint, type TestReplica, until, WATCH } from './test-endpoint';

const ONE = flightsVersion(1);
/** Weeks begin on Thursdays: February 1, 8, 15, 22 of 2001. */
const at = (day: number, hour = 12) => new Date(Date.UTC(2001, 1, day, hour)).toISOString();
const HOUR = 3_600_000;
const EDGE = { feb8: at(8, 0), feb15: at(15, 0), feb22: at(22, 0) };

let endpoint: TestEndpoint;
let sent = 0;
beforeEach(async () => {
  endpoint = await openTestEndpoint();
  await endpoint.putModel(ONE);
  await endpoint.publish({ revision: 1, champion: ONE.version });
});
afterEach(() => endpoint.close());

const ready = (replica: TestReplica) =>
  until('it is ready', async () => (await replica.get('/v2/health/ready')).status === 200);
const predict = async (replica: TestReplica, eventTime: string, synthetic = false) => {
  const { body } = await replica.infer(flightRequest({ id: `w${sent++}`, eventTime, synthetic }));
  return body.id as string;
};
const shippedTo = (time: string, name = 'r1') =>
  until(`${name} has shipped to ${time}`, async () => (await endpoint.report(name))?.shippedTo?.toISOString() === time);
const toldOf = (replica: TestReplica, edge: string, reason: 'passed' | 'covered') =>
  replica.told.filter((each) => each.edge === edge && each.reason === reason);
const untilTold = (replica: TestReplica, edge: string, reason: 'passed' | 'covered') =>
  until(`${edge} is ${reason}`, () => toldOf(replica, edge, reason).length > 0);

test('each window edge that the watermark passes is told once, in order, behind the allowedLateness', async () => {
  const replica = await endpoint.start();
  await ready(replica);
  await predict(replica, at(5));
  await predict(replica, at(8, 0));
  await shippedTo(at(8, 0));
  // The allowedLateness is an hour.
  await predict(replica, at(8, 1));
  await untilTold(replica, EDGE.feb8, 'passed');
  expect(replica.told[0]).toEqual({
    workflowId: `mlops/${endpoint.name}/monitor`,
    endpoint: endpoint.name,
    watermark: EDGE.feb8,
    edge: EDGE.feb8,
    reason: 'passed',
  });
  await predict(replica, at(23));
  await untilTold(replica, EDGE.feb22, 'passed');
  await predict(replica, at(24));
  await shippedTo(at(24));
  expect(replica.told.map(({ edge }) => edge)).toEqual([EDGE.feb8, EDGE.feb15, EDGE.feb22]);
});

test('a synthetic request, and a time that leaps ahead, move nothing', async () => {
  const replica = await endpoint.start({ maxSkewMs: 20 * 86_400_000 });
  await ready(replica);
  await predict(replica, at(5));
  await predict(replica, at(14), true);
  await predict(replica, at(60));
  await predict(replica, at(6));
  await shippedTo(at(6));
  expect(replica.told).toEqual([]);
  expect(replica.warnings.filter((warning) => warning.includes('too far ahead'))).toHaveLength(1);
});

test('coverage by truth is told once, of a window that has ended, synthetic traffic left out', async () => {
  const replica = await endpoint.start();
  await ready(replica);
  const ids: string[] = [];
  for (let i = 0; i < 20; i += 1) ids.push(await predict(replica, at(2 + (i % 5))));
  for (let i = 0; i < 20; i += 1) await predict(replica, at(3), true);
  const learn = (id: string) => replica.truth({ id, value: 1, eventTime: at(7) });
  await Promise.all(ids.slice(0, 18).map(learn));
  // Corrections, unknown ids and truths of synthetic requests are not coverage.
  await replica.truth({ truths: [1, 2, 3].map((revision) => ({ id: ids[0], value: 0, eventTime: at(7), revision })) });
  await replica.truth({ truths: [1, 2, 3].map((i) => ({ id: `unknown${i}`, value: 0, eventTime: at(7) })) });
  await predict(replica, at(9));
  await untilTold(replica, EDGE.feb8, 'passed');
  await predict(replica, at(9, 13));
  await shippedTo(at(9, 13));
  expect(toldOf(replica, EDGE.feb8, 'covered')).toEqual([]);
  await learn(ids[18]!);
  await untilTold(replica, EDGE.feb8, 'covered');
  await learn(ids[19]!);
  await predict(replica, at(10));
  await shippedTo(at(10));
  expect(toldOf(replica, EDGE.feb8, 'covered')).toHaveLength(1);
});

test('of windows by count, the end of the one after the last verdict is told once, and that it is covered', async () => {
  await endpoint.publish({ revision: 2, champion: ONE.version, watch: { ...WATCH, period: { rows: 4 } } });
  const replica = await endpoint.start();
  await ready(replica);
  const ids: string[] = [];
  for (const hour of [1, 2, 3, 4]) ids.push(await predict(replica, at(2, hour)));
  for (const hour of [1, 2, 3]) await predict(replica, at(2, hour), true);
  await shippedTo(at(2, 4));
  expect(replica.told).toEqual([]);
  // The allowedLateness is an hour.
  await predict(replica, at(2, 6));
  const end = new Date(Date.parse(at(2, 4)) + 1).toISOString();
  await untilTold(replica, end, 'passed');
  await Promise.all(ids.map((id) => replica.truth({ id, value: 1, eventTime: at(2, 5) })));
  await untilTold(replica, end, 'covered');
  expect(replica.told.map(({ edge, reason }) => [edge, reason])).toEqual([
    [end, 'passed'],
    [end, 'covered'],
  ]);
});

test('where requests are of the time of their receipt, it goes on though none comes', async () => {
  const watch = { ...WATCH, allowedLatenessMs: 0, byReceipt: true as const };
  await endpoint.publish({ revision: 2, champion: ONE.version, watch });
  const replica = await endpoint.start({ idleMs: 50 });
  await ready(replica);
  await predict(replica, at(5));
  await until('it is past the request', async () => {
    const { shippedTo: time, idle } = (await endpoint.report('r1')) ?? {};
    return idle === true && time !== undefined && time.getTime() > Date.now() - 60_000;
  });
  expect((await findClock(endpoint.stores, endpoint.name))?.highest.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

test('the rollout hears once when its step is over', async () => {
  const rollout = { ...ROLLOUT, state: 'running' as const, stepName: 'shadow', until: at(6) };
  await endpoint.publish({ revision: 2, champion: ONE.version, rollout });
  const replica = await endpoint.start();
  await ready(replica);
  await predict(replica, at(6));
  await shippedTo(at(6));
  expect(replica.told).toEqual([]);
  await predict(replica, at(6, 13));
  await until('it is told', () => replica.told.length > 0);
  await endpoint.publish({
    revision: 3,
    champion: ONE.version,
    rollout: { ...rollout, step: 2, stepName: 'canary', until: at(7) },
  });
  await predict(replica, at(7, 14));
  await until('the next step is told', () => replica.told.length > 1);
  await predict(replica, at(7, 15));
  await shippedTo(at(7, 15));
  expect(replica.told.map(({ workflowId, edge, reason }) => [workflowId, edge, reason])).toEqual([
    [ROLLOUT.id, at(6), 'passed'],
    [ROLLOUT.id, at(7), 'passed'],
  ]);
});

test('a rollout whose step waits for its clock hears as soon as event time is known', async () => {
  const two = flightsVersion(2);
  await endpoint.putModel(two);
  const rollout = { ...ROLLOUT, state: 'running' as const, stepName: 'canary' };
  const candidate = { ...two.version, share: 0.5, shadow: false };
  await endpoint.publish({ revision: 2, champion: ONE.version, candidate, rollout });
  const replica = await endpoint.start();
  await ready(replica);
  await predict(replica, at(6));
  await until('it is told', () => replica.told.length > 0);
  await predict(replica, at(6, 13));
  await shippedTo(at(6, 13));
  await endpoint.publish({ revision: 3, champion: ONE.version, candidate, rollout: { ...rollout, until: at(6, 20) } });
  await predict(replica, at(6, 22));
  await until('its end is told', () => replica.told.length > 1);
  expect(replica.told.map(({ workflowId, reason }) => [workflowId, reason])).toEqual([
    [ROLLOUT.id, 'known'],
    [ROLLOUT.id, 'passed'],
  ]);
});

test('a signal that fails is sent again; a restart repeats none', async () => {
  let up = false;
  const sentSignals: string[] = [];
  let attempts = 0;
  const signal = async (workflowId: string, _name: string, { edge }: { edge: string }) => {
    attempts += 1;
    if (!up) throw new Error('Temporal is down');
    sentSignals.push(`${workflowId.split('/').at(-1)} ${edge}`);
  };
  const first = await endpoint.start({ signal });
  await ready(first);
  await predict(first, at(5));
  await predict(first, at(9));
  await until('it has tried', () => attempts > 1);
  expect((await endpoint.report('r1'))?.revision).toBe(1);
  up = true;
  await until('it is told', () => sentSignals.length > 0);
  await first.close();

  const second = await endpoint.start({ folder: first.folder });
  await ready(second);
  await predict(second, at(16));
  await untilTold(second, EDGE.feb15, 'passed');
  expect(sentSignals).toEqual([`monitor ${EDGE.feb8}`]);
  expect(toldOf(second, EDGE.feb8, 'passed')).toEqual([]);
});

test('a Temporal that hangs does not stop the reports', async () => {
  const signal = (_id: string, _name: string, _message: unknown, withinMs: number): Promise<never> =>
    new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), withinMs).unref());
  const replica = await endpoint.start({ signal });
  await ready(replica);
  await predict(replica, at(5));
  await predict(replica, at(9));
  await shippedTo(at(9));
  const first = (await endpoint.report('r1'))!.reportedAt;
  await until('it reports again', async () => (await endpoint.report('r1'))!.reportedAt > first);
  await predict(replica, at(10));
  await shippedTo(at(10));
  expect((await endpoint.report('r1'))?.revision).toBe(1);
});

test('of two replicas the slower holds the watermark, until it is idle, and one of them tells', async () => {
  // Idle when the test says so: hours are over for it.
  const now = Date.now;
  let ahead = 0;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  const first = await endpoint.start({ replica: 'a', idleMs: 10 * HOUR });
  const second = await endpoint.start({ replica: 'b', idleMs: HOUR });
  await ready(first);
  await ready(second);
  await predict(second, at(5));
  await shippedTo(at(5), 'b');
  await predict(first, at(5));
  await predict(first, at(9));
  await shippedTo(at(9), 'a');
  // Both have reported since then, three times over, and nothing was told.
  for (let look = 0; look < 3; look += 1) {
    await predict(second, at(5, 13 + look));
    await shippedTo(at(5, 13 + look), 'b');
    const reported = (await endpoint.report('a'))!.reportedAt;
    await until('the first reports again', async () => (await endpoint.report('a'))!.reportedAt > reported);
    expect((await endpoint.report('b'))?.idle).toBeUndefined();
    expect(first.told).toEqual([]);
  }
  ahead = 2 * HOUR;
  await until('the second is idle', async () => (await endpoint.report('b'))?.idle === true);
  await untilTold(first, EDGE.feb8, 'passed');
  expect(second.told).toEqual([]);
  clock.mockRestore();
});

test('a replica that joins goes by the endpoint’s clock, and by no single request', async () => {
  const first = await endpoint.start({ replica: 'a', idleMs: 100 });
  await ready(first);
  await predict(first, at(5));
  await shippedTo(at(5), 'a');
  await until('the clock is kept', async () => (await findClock(endpoint.stores, endpoint.name)) !== null);
  const second = await endpoint.start({ replica: 'b', idleMs: 100 });
  await ready(second);
  await second.infer(flightRequest({ id: 'now' }));
  await until('it is set aside', async () => (await endpoint.report('b'))?.ahead?.count === 1);
  expect((await endpoint.report('b'))?.shippedTo).toBeUndefined();
  await predict(second, at(9));
  await untilTold(first, EDGE.feb8, 'passed');
  expect(first.told.map(({ edge }) => edge)).toEqual([EDGE.feb8]);
});

test('the first request of an endpoint does not set its clock alone where it is far ahead of what training knew', async () => {
  const replica = await endpoint.start();
  await ready(replica);
  const far = '2020-01-02T00:00:00.000Z';
  await predict(replica, far);
  await until('it is set aside', async () => (await endpoint.report('r1'))?.ahead?.count === 1);
  expect((await endpoint.report('r1'))?.shippedTo).toBeUndefined();
  expect(await findClock(endpoint.stores, endpoint.name)).toBeNull();
  for (let i = 1; i < CLOCK_AGREEMENT; i += 1) await predict(replica, far);
  await shippedTo(far);
  expect((await endpoint.report('r1'))?.ahead).toBeUndefined();
});

test('a person sets the clock back: replicas go on from there, and tell edges that are passed again', async () => {
  const replica = await endpoint.start();
  await ready(replica);
  await predict(replica, at(5));
  await shippedTo(at(5));
  for (let i = 0; i < 20; i += 1) await predict(replica, '2020-01-02T00:00:00.000Z');
  await shippedTo('2020-01-02T00:00:00.000Z');
  await until('it is told', () => replica.told.length > 0);
  const before = replica.told.length;
  await endpoint.publish({ revision: 1, champion: ONE.version, clock: { epoch: 1, at: at(6) } });
  await shippedTo(at(6));
  await predict(replica, at(9));
  await untilTold(replica, EDGE.feb8, 'passed');
  expect(replica.told.slice(before).map(({ edge }) => edge)).toEqual([EDGE.feb8]);
  const clock = await until('the endpoint’s clock follows', async () => {
    const found = await findClock(endpoint.stores, endpoint.name);
    return found?.epoch === 1 && found.highest.toISOString() === at(9) && found;
  });
  expect(clock.epoch).toBe(1);
});

test('where a request without an event time has none, it is answered, recorded, counted and in no window', async () => {
  await endpoint.publish({ revision: 2, champion: ONE.version, watch: { ...WATCH, withoutEventTime: 'none' } });
  const replica = await endpoint.start();
  await ready(replica);
  await predict(replica, at(5));
  await shippedTo(at(5));
  expect((await replica.infer(flightRequest({ id: 'timeless' }))).status).toBe(200);
  expect((await replica.truth({ id: 'timeless', value: 1 })).status).toBe(200);
  await predict(replica, at(6));
  await shippedTo(at(6));
  expect(await countWithoutEventTime(endpoint.stores, endpoint.name)).toBe(1);
  const found = await findPrediction(endpoint.stores, endpoint.name, 'timeless');
  expect(found?.record.eventTime).toBeUndefined();
  // Known by the event clock, since its truth had no time of its own.
  expect(found?.truths).toMatchObject([{ value: 1, knownAt: new Date(at(5)) }]);
  const all = { from: '1970-01-01T00:00:00Z', to: '9999-01-01T00:00:00Z' };
  expect(await coverage(endpoint.stores, endpoint.name, all, all.to)).toEqual({
    version: 1,
    predictions: 2,
    truths: 0,
  });
});

test('where no monitor runs the lifecycle is told, which starts one', async () => {
  const told: string[] = [];
  const signal = async (workflowId: string) => {
    if (workflowId.endsWith('/monitor')) throw new MlopsError('MLOPS_NOT_FOUND', 'No such workflow runs.', {}, '');
    told.push(workflowId);
  };
  const replica = await endpoint.start({ signal });
  await ready(replica);
  await predict(replica, at(5));
  await predict(replica, at(9));
  await until('the lifecycle is told', () => told.length > 0);
  expect(told).toEqual([`mlops/${endpoint.name}`]);
});
