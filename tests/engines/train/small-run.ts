/** A small problem that a network can learn: who is late depends on a place and on the hour. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureDefinition, NetworkSpec } from '../../../src/domain/definition';
import type { JobContext, JobProgress } from '../../../src/domain/job';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import { embeddingTables, type FittedFeatures } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { randomStream } from '../../../src/engines/train/random';
import type { TrainRequest } from '../../../src/engines/train/train-network';
import { numberColumn, SILENT, table, textColumn, timeColumn } from '../features/tables';
import { PLAIN_NETWORK } from '../../support/plain-network';

export const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'timeOfDayBuckets', column: 'at', buckets: 8 },
  { transform: 'timeOfDayCycles', column: 'at', harmonics: 2 },
  { transform: 'weekday', column: 'at' },
  { transform: 'standardize', column: 'km' },
  { transform: 'logStandardize', column: 'km' },
  { transform: 'embedding', column: 'place', width: 3, minCount: 5, maxRows: 50 },
  { transform: 'oneHot', column: 'place', minCount: 40 },
];

export const NETWORK: NetworkSpec = {
  ...PLAIN_NETWORK,
  hidden: [8, 8],
  batch: 32,
  learningRate: 0.01,
  epochs: 3,
  maxRowsSeen: 1e6,
  seed: 7,
};

export interface SmallData {
  readonly table: TableColumns;
  readonly labels: Float32Array;
}

/** 'P0' … 'P11', of which the last are rare; a few values are missing. */
export function smallData(rows: number, seed = 1): SmallData {
  const random = randomStream(seed, 99, 0);
  const share = () => random() / 2 ** 32;
  const places = Array.from({ length: rows }, () => `P${Math.floor(12 * share() ** 2)}`);
  const hours = places.map(() => 24 * share());
  const labels = Float32Array.from(places, (place, i) => {
    const rate = (place === 'P3' || place === 'P9' ? 0.7 : 0.1) + (hours[i]! > 18 ? 0.2 : 0);
    return share() < rate ? 1 : 0;
  });
  return {
    labels,
    table: table({
      at: timeColumn(
        hours.map((hour, i) => (i % 97 === 0 ? null : BigInt(Math.floor((24 * (i % 30) + hour) * 3.6e9))))
      ),
      km: numberColumn(places.map((_, i) => (i % 53 === 0 ? Number.NaN : 100 + 2000 * share()))),
      place: textColumn(places.map((place, i) => (i % 71 === 0 ? null : place))),
    }),
  };
}

export interface SmallRun {
  readonly fitted: FittedFeatures;
  readonly request: TrainRequest;
}

export async function smallRun(data: SmallData, network: Partial<NetworkSpec> = {}): Promise<SmallRun> {
  const fitted = fitFeatures(data.table, FEATURES);
  const features = await makeFeatures(featureGraph(fitted), fitted, data.table, SILENT);
  const request = {
    features,
    tables: embeddingTables(fitted),
    labels: data.labels,
    task: 'binary' as const,
    network: { ...NETWORK, ...network },
  };
  return { fitted, request };
}

export interface RecordingContext extends JobContext {
  readonly notes: JobProgress[];
  readonly checkpoints: { readonly file: string; readonly step: number }[];
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A context in a folder of its own that keeps what it is told. */
export function recordingContext(onProgress?: (progress: JobProgress) => void): RecordingContext {
  const notes: JobProgress[] = [];
  const checkpoints: { file: string; step: number }[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'mlops-train-'));
  folders.push(folder);
  return {
    folder,
    notes,
    checkpoints,
    progress: (progress) => {
      notes.push(progress);
      onProgress?.(progress);
    },
    checkpoint: (file, step) => {
      checkpoints.push({ file, step });
    },
  };
}
