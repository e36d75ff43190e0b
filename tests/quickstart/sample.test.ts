/** What the quickstart says of its data, by its own engines on the real file: rows, February, and the sample it serves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import flights from '../../examples/flights/project';
import { sampledFlights } from '../../scripts/quickstart/flights';
import { digestOfFile } from '../../src/runtime/digest';
import { columnTypes } from '../../src/domain/definition';
import type { JobContext } from '../../src/domain/job';
import { partOf, splitAt } from '../../src/domain/split';
import { fitJob } from '../../src/engines/features/fit-job';
import { ingestFiles } from '../support/ingested';
import { metricOf } from '../support/metric-of';
import { label } from '../../src/engines/tables/label';
import type { LabelledShard } from '../../src/engines/tables/labelled-rows';
import { type LoadedRows, loadColumns } from '../../src/engines/tables/load';
import { scoreRows } from '../../src/engines/train/score-rows';
import { trainJob } from '../../src/engines/train/train-job';

const FILE = join('node_modules', 'vega-datasets', 'data', 'flights-3m.parquet');
const FEBRUARY_1 = '2001-02-01T00:00:00Z';
const SILENT = { progress: () => undefined };

let folder: string;
let shards: LabelledShard[];
let model: Uint8Array;
let trainedRows: number;
const rows = (from: string, to: string): Promise<LoadedRows> =>
  loadColumns({
    shards,
    columns: columnTypes(flights.source),
    eventTime: flights.source.eventTime,
    where: { from, to },
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sample-'));
  const context: JobContext = { folder, ...SILENT, checkpoint: () => undefined };
  const file = { path: FILE, local: FILE, digest: await digestOfFile(FILE), bytes: (await stat(FILE)).size };
  const taken = await ingestFiles(
    {
      files: [file],
      format: 'parquet',
      source: flights.source,
      schema: flights.schema,
      asOf: '2001-05-11T00:00:00Z',
    },
    context
  );
  if (!('rule' in flights.label.labeler) || !('network' in flights.model))
    throw new Error('the example uses built-in parts');
  const labels = await label(
    { shards: taken.data, labeler: flights.label.labeler, columns: columnTypes(flights.source) },
    context
  );
  shards = taken.data.map((shard, index) => ({ ...shard, labels: join(folder, labels.shards[index]!.file) }));
  const split = splitAt(flights, FEBRUARY_1);
  const training = {
    shards,
    columns: columnTypes(flights.source),
    eventTime: 'date',
    where: partOf(split, 'train'),
  };
  const fitted = await fitJob(
    { ...training, split, features: flights.features, dependencies: flights.schema.dependencies },
    context
  );
  const at = (name: string): string => join(folder, fitted.files.find((one) => one.name === name)!.file);
  const trained = await trainJob(
    {
      ...training,
      minRows: 1,
      network: flights.model.network,
      task: 'binary',
      fitted: at('fitted'),
      graph: at('graph'),
    },
    context
  );
  trainedRows = trained.rows;
  model = await readFile(join(folder, trained.files.find((one) => one.name === 'model')!.file));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('version 1 trains on the rows of January 1 to 24 that were known by February 1', () => {
  expect(trainedRows).toBe(393_569);
});

test('version 1 ranks the flights of February better than 0.645', async () => {
  const february = await rows(FEBRUARY_1, '2001-03-01T00:00:00Z');
  expect(february.table.rows).toBe(458_167);
  const { values } = await scoreRows(model, february.table, {}, SILENT);
  expect(metricOf('auc', values, february.labels!)).toBeGreaterThanOrEqual(0.645);
});

test.each([
  ['2001-04-26T00:00:00Z', '2001-05-03T00:00:00Z'],
  ['2001-05-03T00:00:00Z', '2001-05-10T00:00:00Z'],
])('in the week of %s the served sample’s bias is within 0.005 of all rows’', async (from, to) => {
  const all = await rows(from, to);
  const { values: scores } = await scoreRows(model, all.table, {}, SILENT);
  const served = new Set((await sampledFlights(FILE, from, to)).map(({ key }) => key));
  const gapOf = (kept: (row: number) => boolean): number => {
    let sum = 0;
    let count = 0;
    for (let row = 0; row < scores.length; row += 1) {
      if (!kept(row)) continue;
      sum += scores[row]! - all.labels![row]!;
      count += 1;
    }
    return sum / count;
  };
  const digest = await digestOfFile(FILE);
  const keyOf = (row: number): string => `${digest}:${all.places.row[row]}`;
  expect(served.size).toBeGreaterThan(1_500);
  expect(Math.abs(gapOf((row) => served.has(keyOf(row))) - gapOf(() => true))).toBeLessThanOrEqual(0.005);
});
