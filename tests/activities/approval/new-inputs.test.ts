/** What approvers read of inputs that callers do not send, on the real stores. */
import { newInputs } from '../../../src/activities/approval/new-inputs';
import type { ProjectDefinition } from '../../../src/domain/definition';
import { modelInputs, type PredictionRecord } from '../../../src/domain/endpoint';
import type { Stores } from '../../../src/stores/connect';
import { recordWriter } from '../../../src/stores/predictions';
import { dropStores, ownStores } from '../../stores/served';
import { raw } from '../../support/raw-records';
import { flights, registerVersion } from '../../workflows/endpoint-worker';

let stores: Stores;
let projects = 0;
let project: string;
beforeAll(async () => {
  stores = await ownStores('new-inputs');
});
afterAll(() => dropStores(stores));
beforeEach(() => {
  projects += 1;
  project = `inputs-${projects}`;
});

async function serveFirst(): Promise<void> {
  const { id: version, digest } = await registerVersion(stores, flights(project), 1);
  const alias = { _id: `${project}/champion`, v: 1, revision: 1, version, number: 1, digest } as const;
  await raw(stores).aliases.insertOne(alias);
}

/** The candidate's: it reads the destination, too. */
function withDestination(): ProjectDefinition {
  const { features, ...rest } = flights(project);
  const destination = { transform: 'embedding', column: 'destination', width: 2, minCount: 1, maxRows: 10 } as const;
  return { ...rest, features: [...features, destination] };
}

const namesOf = (definition: ProjectDefinition) => modelInputs(definition).map(({ name }) => name);

function predictions(
  count: number,
  from: string,
  inputs: PredictionRecord['inputs'],
  more: Partial<PredictionRecord> = {}
): PredictionRecord[] {
  return Array.from({ length: count }, (_, row) => ({
    _id: `${from.slice(0, 10)}-${row}`,
    v: 1,
    version: 1,
    route: 'champion',
    revision: 1,
    eventTime: new Date(Date.parse(from) + row * 1_000),
    inputs,
    score: 0.3,
    decision: 0,
    replica: 'r1',
    receivedAt: new Date(),
    ...more,
  }));
}

test('a new input is named with the share of recent predictions that lack it', async () => {
  await serveFirst();
  const writer = recordWriter(stores, project);
  const old = { distance: 300, origin: 'ATL' };
  // Older than the last thousand: they don't count.
  await writer.insertPredictions(predictions(500, '2001-02-01T00:00:00Z', { ...old, destination: 'SFO' }));
  await writer.insertPredictions(predictions(750, '2001-02-02T00:00:00Z', old));
  await writer.insertPredictions(predictions(200, '2001-02-03T00:00:00Z', { ...old, destination: 'SFO' }));
  // A null is sent: it says that the value is missing.
  await writer.insertPredictions(predictions(50, '2001-02-04T00:00:00Z', { ...old, destination: null }));
  await writer.insertPredictions(predictions(90, '2001-02-05T00:00:00Z', old, { synthetic: true }));
  expect(await newInputs(stores, project, namesOf(withDestination()))).toEqual([
    '**new input destination**: 75 % of the last 1,000 predictions lack it; once this version serves, requests without it are refused',
  ]);
  expect(await newInputs(stores, project, namesOf(flights(project)))).toEqual([]);
});

test('an input that the champion has is named where recent predictions lack it', async () => {
  await serveFirst();
  const writer = recordWriter(stores, project);
  await writer.insertPredictions(predictions(3, '2001-02-01T00:00:00Z', { distance: 300 }));
  await writer.insertPredictions(predictions(1, '2001-02-02T00:00:00Z', { distance: 300, origin: 'ATL' }));
  expect(await newInputs(stores, project, namesOf(flights(project)))).toEqual([
    'input origin: 75 % of the last 4 predictions lack it; once this version serves, requests without it are refused',
  ]);
});

test('without predictions nothing is claimed of callers, and without a champion nobody calls', async () => {
  expect(await newInputs(stores, project, namesOf(withDestination()))).toEqual([]);
  await serveFirst();
  expect(await newInputs(stores, project, namesOf(withDestination()))).toEqual([
    '**new input destination**: no prediction is recorded that shows whether callers send it',
  ]);
});
