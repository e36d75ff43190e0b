/** How long a phase is tried again: a declared time, however many attempts that makes; then it waits for a person. */
import { join } from 'node:path';
import { by, Lifecycles } from '../support/lifecycles';
import { serviceIn, setService } from '../support/registered/asked';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let service: string;

beforeAll(async () => {
  system = await openSystem('retries');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  service = join(system.folder, 'service.json');
  await system.startWorker({ registered: require.resolve('../support/registered/asked') });
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const define = (version: number, seconds: number) =>
  lifecycles.define({
    label: { name: 'late', version, labeler: { registered: 'asked', params: { file: service } } },
    retryFor: { wall: `${seconds} seconds` },
  });

test('what a retry may fix is tried again for as long as was declared, and then goes on', async () => {
  setService(service, { awayFor: 3, asked: 0 });
  const project = await lifecycles.start(define(1, 600));
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });
  expect(serviceIn(service).asked).toBeGreaterThan(3);
});

test('once that time is over, the phase has failed with what was wrong last, and retry begins it anew', async () => {
  setService(service, { awayFor: 1e9, asked: 0 });
  const project = await lifecycles.start(define(2, 12));
  expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
    phase: 'label',
    // Also where an attempt is in progress when the time is over: then it is that of the attempt before.
    failure: expect.stringContaining('The labels’ service is away.') as unknown,
  });
  expect(serviceIn(service).asked).toBeGreaterThan(0);

  setService(service, { awayFor: 0, asked: 0 });
  expect(await system.client.retry(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });
});

test('a failure is reported too where the attempt after it was cut off by the end of that time', async () => {
  setService(service, { awayFor: 1, asked: 0, hangs: true });
  const project = await lifecycles.start(define(4, 15));
  expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
    phase: 'label',
    failure: expect.stringMatching(
      /^MLOPS_TIMED_OUT: .*The attempt before failed: MLOPS_STORE_UNAVAILABLE: The labels’ service is away\./
    ) as unknown,
  });
  expect(serviceIn(service).asked).toBe(1);
});

test('of attempts that were cut off before they could say why, the failure says that', async () => {
  setService(service, { awayFor: 0, asked: 0, hangs: true });
  const project = await lifecycles.start(define(3, 10));
  expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
    phase: 'label',
    failure: expect.stringMatching(/^MLOPS_TIMED_OUT: .*activity=mlopsLabel.*Look at the worker’s log/) as unknown,
  });
});
