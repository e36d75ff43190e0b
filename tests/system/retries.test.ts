/** How long a phase is tried again: a declared time, however many attempts that makes; then it waits for a person. */
import { MlopsError } from '../../src/domain/errors';
import { by, Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

jest.setTimeout(60_000);

/** Asks a service that is away, for so many calls to come. */
const service = { awayFor: 0, asked: 0, hung: Promise.resolve() };

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('retries');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  await system.startWorker({
    registered: {
      labelers: {
        asked: {
          version: '1',
          async label(rows) {
            await service.hung;
            service.asked += 1;
            service.awayFor -= 1;
            if (service.awayFor >= 0)
              throw new MlopsError('MLOPS_STORE_UNAVAILABLE', 'The labels’ service is away.', {}, 'Wait.');
            return rows.map((row) => ((row.delay as number) > 15 ? 1 : 0));
          },
        },
      },
    },
  });
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const define = (version: number, seconds: number) =>
  lifecycles.define({
    label: { name: 'late', version, labeler: { registered: 'asked', params: {} } },
    retryFor: { wall: `${seconds} seconds` },
  });

test('what a retry may mend is tried again for as long as was declared, and then goes on', async () => {
  Object.assign(service, { awayFor: 3, asked: 0 });
  const project = await lifecycles.start(define(1, 60));
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });
  expect(service.asked).toBeGreaterThan(3);
});

test('once that time is over, the phase has failed with what was wrong last, and retry begins it anew', async () => {
  Object.assign(service, { awayFor: Number.POSITIVE_INFINITY, asked: 0 });
  const project = await lifecycles.start(define(2, 12));
  expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
    phase: 'label',
    failure: expect.stringContaining('The labels’ service is away.') as unknown,
  });
  expect(service.asked).toBeGreaterThan(3);

  service.awayFor = 0;
  expect(await system.client.retry(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.request(project, 1)).toMatchObject({ state: 'open' });
});

test('of attempts that were cut off before they could say why, the failure says that', async () => {
  let goOn: () => void = () => undefined;
  Object.assign(service, { awayFor: 0, hung: new Promise<void>((resolve) => (goOn = resolve)) });
  const project = await lifecycles.start(define(3, 10));
  try {
    expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
      phase: 'label',
      failure: expect.stringMatching(/^MLOPS_TIMED_OUT: .*activity=mlopsLabel.*Look at the worker’s log/) as unknown,
    });
  } finally {
    goOn();
  }
});
