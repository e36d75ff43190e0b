/** A model of the quickstart's size and inputs, with weights by chance: what it answers is nobody's business here. */
import { createHash } from 'node:crypto';
import type { ModelInput, ServedVersion } from '../../src/domain/endpoint';
import { denseWidth, embeddingTables, type FittedFeatures } from '../../src/engines/features/fitted';
import { inferenceGraph } from '../../src/engines/train/inference-graph';
import { initialParameters, parameterShapes } from '../../src/engines/train/network';

export const FLIGHT_INPUTS: readonly ModelInput[] = [
  { name: 'date', datatype: 'INT64', unit: 'us' },
  { name: 'distance', datatype: 'INT64' },
  { name: 'origin', datatype: 'BYTES' },
  { name: 'destination', datatype: 'BYTES' },
];

export const AIRPORTS: readonly string[] = Array.from({ length: 228 }, (_, i) => `A${String(i).padStart(2, '0')}`);

/** 52 nodes as a graph. */
const FITTED: FittedFeatures = {
  v: 1,
  rows: 1000,
  inputs: [
    { column: 'date', type: 'timestamp' },
    { column: 'distance', type: 'number' },
    { column: 'origin', type: 'string' },
    { column: 'destination', type: 'string' },
  ],
  transforms: [
    { transform: 'timeOfDayBuckets', column: 'date', buckets: 48 },
    { transform: 'timeOfDayCycles', column: 'date', harmonics: 4 },
    { transform: 'weekday', column: 'date' },
    { transform: 'standardize', column: 'distance', mean: 700, deviation: 500, fill: 0 },
    { transform: 'logStandardize', column: 'distance', mean: 6, deviation: 1, fill: 0 },
    { transform: 'embedding', column: 'origin', width: 8, categories: AIRPORTS },
    { transform: 'embedding', column: 'destination', width: 8, categories: AIRPORTS },
  ],
};

export interface TestVersion {
  readonly version: ServedVersion;
  readonly bytes: Uint8Array;
}

/** Another seed is another model; the same seed has the same bytes. */
export function flightsVersion(number: number, seed = number, hidden: readonly number[] = [64, 64]): TestVersion {
  const shape = { dense: denseWidth(FITTED), tables: embeddingTables(FITTED), hidden, outputs: 1 };
  const bytes = inferenceGraph(FITTED, {
    shape,
    head: { task: 'binary' },
    parameters: initialParameters(parameterShapes(shape), seed),
  });
  return { bytes, version: servedVersion(number, bytes) };
}

/** As `flightsVersion`, of a model that answers one of these classes. */
export function classesVersion(number: number, classes: readonly string[]): TestVersion {
  const shape = { dense: denseWidth(FITTED), tables: embeddingTables(FITTED), hidden: [64], outputs: classes.length };
  const bytes = inferenceGraph(FITTED, {
    shape,
    head: { task: 'classes', classes: classes.length },
    parameters: initialParameters(parameterShapes(shape), number),
  });
  return { bytes, version: { ...servedVersion(number, bytes), task: { kind: 'classes', classes } } };
}

/** As `flightsVersion`, of a model that gives each of these labels a probability. */
export function labelsVersion(number: number, labels: readonly string[]): TestVersion {
  const shape = { dense: denseWidth(FITTED), tables: embeddingTables(FITTED), hidden: [64], outputs: labels.length };
  const bytes = inferenceGraph(FITTED, {
    shape,
    head: { task: 'labels', labels: labels.length },
    parameters: initialParameters(parameterShapes(shape), number),
  });
  return {
    bytes,
    version: { ...servedVersion(number, bytes), task: { kind: 'labels', labels, decisionThreshold: 0.5 } },
  };
}

export function servedVersion(number: number, bytes: Uint8Array): ServedVersion {
  return {
    version: `flights/${number}`,
    number,
    model: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    bytes: bytes.length,
    inputs: FLIGHT_INPUTS,
    task: { kind: 'binary', decisionThreshold: 0.5 },
  };
}

export interface FlightRequest {
  readonly id?: string;
  readonly eventTime?: string;
  readonly key?: string;
  readonly synthetic?: boolean;
  readonly distance?: number | null;
  readonly origin?: string | null;
}

/** An infer request of one flight. */
export function flightRequest({ id, distance = 500, origin = 'A01', ...parameters }: FlightRequest = {}) {
  return {
    ...(id === undefined ? {} : { id }),
    parameters,
    inputs: [
      { name: 'date', shape: [1], datatype: 'INT64', data: [981_173_106_000_000] },
      { name: 'distance', shape: [1], datatype: 'INT64', data: [distance] },
      { name: 'origin', shape: [1], datatype: 'BYTES', data: [origin] },
      { name: 'destination', shape: [1], datatype: 'BYTES', data: ['A02'] },
    ],
  };
}
