/** Weeks of predictions and truths, made by rule: as many rows a day, on seven routes, with a score of 0.3 each. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../src/runtime/digest';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { PredictionRecord, TruthRecord } from '../../src/domain/endpoint';
import type { Ref } from '../../src/domain/refs';
import { partOf } from '../../src/domain/split';
import { binaryCurves } from '../../src/engines/stats/curves/binary';
import { referenceOf } from '../../src/engines/stats/reference';
import type { Stores } from '../../src/stores/connect';
import { recordWriter } from '../../src/stores/predictions';
import type { TableColumns } from '../../src/engines/tables/columns';
import { learnDependencies } from '../../src/engines/tables/dependencies';
import { flights, registerVersion } from './endpoint-worker';

const DAY_MS = 86_400_000;
export const ROWS_A_DAY = 40;
const AIRPORTS = ['ATL', 'BOS', 'CLE', 'DEN', 'EWR', 'FLL', 'GSO'];

/** Distance is the route's; level triggers at 2 of 3, drift at once. */
export function watchedFlights(project: string): ProjectDefinition {
  const definition = flights(project);
  return {
    ...definition,
    schema: {
      ...definition.schema,
      dependencies: [
        {
          name: 'distance_is_the_routes',
          determinants: ['origin', 'destination'],
          dependent: 'distance',
          severity: 'warn',
        },
      ],
      maxBrokenShare: 0.05,
    },
    features: [
      { transform: 'standardize', column: 'distance' },
      { transform: 'embedding', column: 'origin', width: 2, minCount: 1, maxRows: 100 },
      { transform: 'embedding', column: 'destination', width: 2, minCount: 1, maxRows: 100 },
    ],
    triggers: [
      { on: 'bias', breaches: 2, outOf: 3, coolDown: { event: '14 days' } },
      { on: 'drift', breaches: 1, outOf: 1, coolDown: { event: '14 days' } },
    ],
  };
}

function inputsOf(row: number, factor: number) {
  const route = row % AIRPORTS.length;
  return {
    origin: AIRPORTS[route] as string,
    destination: AIRPORTS[(route + 1) % AIRPORTS.length] as string,
    distance: Math.round(100 * (route + 1) * factor),
  };
}

export interface Week {
  readonly from: string;
  /** Of the predictions' ids. */
  readonly name?: string;
  /** Default: 7. */
  readonly days?: number;
  readonly version?: number;
  /** Of the truths: late ones of each day. The score is 0.3, so 12 of 40 leave no gap. */
  readonly late?: number;
  /** Share of predictions whose truth comes. */
  readonly covered?: number;
  /** Of the distances. */
  readonly factor?: number;
  readonly truthValue?: number;
}

/** A week of seven days from a Thursday on. */
export async function serveWeek(stores: Stores, endpoint: string, week: Week): Promise<void> {
  const { from, days = 7, version = 1, late = 12, name = '', covered = 1, factor = 1, truthValue } = week;
  const predictions: PredictionRecord[] = [];
  const truths: TruthRecord[] = [];
  for (let day = 0; day < days; day += 1) {
    for (let row = 0; row < ROWS_A_DAY; row += 1) {
      const eventTime = new Date(Date.parse(from) + day * DAY_MS + row * 1_800_000);
      const _id = `${eventTime.toISOString().slice(0, 10)}-v${version}-${name}${row}`;
      predictions.push({
        _id,
        v: 1,
        version,
        route: 'champion',
        revision: 1,
        eventTime,
        inputs: inputsOf(row, factor),
        score: 0.3,
        decision: 0,
        replica: 'r1',
        receivedAt: new Date(),
      });
      if ((row + 0.5) / ROWS_A_DAY > covered) continue;
      truths.push({
        _id: `${_id}#0`,
        v: 1,
        prediction: _id,
        revision: 0,
        value: truthValue ?? (row < late ? 1 : 0),
        knownAt: new Date(eventTime.getTime() + DAY_MS),
        receivedAt: new Date(),
      });
    }
  }
  const writer = recordWriter(stores, endpoint);
  await writer.insertPredictions(predictions);
  await writer.insertTruths(truths);
}

/** A version with all that windows are judged by: reference and dependencies of a week as served. */
export async function registerWatched(
  stores: Stores,
  definition: ProjectDefinition,
  number = 1
): Promise<Ref<'version'>> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-reference-'));
  const put = async (name: string, content: unknown) => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    return stores.artifacts.put({ name, path, mediaType: 'application/json' });
  };
  const table = trainingTable(1400);
  const scores = new Float32Array(table.rows).fill(0.3);
  const reference = await put(
    'reference',
    referenceOf({ watched: ['distance', 'origin', 'destination'], table, scores: { kind: 'number', values: scores } })
  );
  const dependencies = await put('dependencies', learnDependencies(table, definition.schema.dependencies));
  await rm(folder, { recursive: true });
  const version = await registerVersion(stores, definition, number);
  const { body } = await stores.facts.get(version);
  const common = { inputs: [], digest: digestOf(number) } as const;
  await stores.facts.commit({
    ...common,
    _id: body.features.id,
    kind: 'featureSet',
    artifacts: [dependencies],
    body: {
      split: body.split,
      parts: { train: table.rows, validation: 0, test: 0, none: 0 },
      trainRows: table.rows,
      denseWidth: 1,
      embeddings: [],
    },
  });
  await stores.facts.commit({
    ...common,
    _id: body.run.id,
    kind: 'run',
    artifacts: [],
    body: {
      trainer: 'network',
      parameters: {},
      split: body.split,
      rows: table.rows,
      unlabelled: 0,
      tolerance: [],
      epochs: [],
      model: body.model.digest,
      baseline: { means: [0.3], deviations: [0.46] },
      numerics: 'exact',
    },
  });
  await stores.facts.commit({
    ...common,
    _id: `evaluation of ${version.id}`,
    kind: 'evaluation',
    artifacts: [reference],
    body: {
      run: body.run,
      contaminated: false,
      comparisonDigest: digestOf('question'),
      test: partOf(body.split, 'test'),
      evaluation: {
        task: 'binary',
        rows: 0,
        unlabelled: 0,
        meanTruth: 0,
        meanPrediction: 0,
        candidate: {},
        baseline: {},
        againstBaseline: {},
        slices: [],
        blocksOf: 'day',
        curves: { candidate: binaryCurves(Float32Array.of(0.3), Float32Array.of(0), 0.5) },
      },
      gates: [],
    },
  });
  return version;
}

function trainingTable(rows: number): TableColumns {
  const all = Array.from({ length: rows }, (_, row) => inputsOf(row, 1));
  const codes = (of: 'origin' | 'destination') => Int32Array.from(all, (each) => AIRPORTS.indexOf(each[of]));
  return {
    rows,
    columns: {
      distance: { type: 'number', values: Float64Array.from(all, (each) => each.distance) },
      origin: { type: 'string', dictionary: AIRPORTS, codes: codes('origin') },
      destination: { type: 'string', dictionary: AIRPORTS, codes: codes('destination') },
    },
  };
}
