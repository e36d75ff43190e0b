/** One ONNX file of 52 nodes for all servers: the quickstart's features and network, with weights by chance. */
import { createHash } from 'node:crypto';
import type { ServedVersion } from '../../src/domain/endpoint';
import { denseWidth, embeddingTables, type FittedFeatures } from '../../src/engines/features/fitted';
import { inferenceGraph } from '../../src/engines/train/inference-graph';
import { initialParameters, parameterShapes } from '../../src/engines/train/network';

const AIRPORTS = Array.from({ length: 228 }, (_, i) => `A${String(i).padStart(2, '0')}`);

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
    { transform: 'standardize', column: 'distance', mean: 700, deviation: 500 },
    { transform: 'logStandardize', column: 'distance', mean: 6, deviation: 1 },
    { transform: 'embedding', column: 'origin', width: 8, categories: AIRPORTS },
    { transform: 'embedding', column: 'destination', width: 8, categories: AIRPORTS },
  ],
};

export function benchModel(): { readonly bytes: Uint8Array; readonly version: ServedVersion } {
  const shape = { dense: denseWidth(FITTED), tables: embeddingTables(FITTED), hidden: [64, 64] };
  const bytes = inferenceGraph(FITTED, { shape, parameters: initialParameters(parameterShapes(shape), 1) });
  return {
    bytes,
    version: {
      version: 'bench/1',
      number: 1,
      model: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
      bytes: bytes.length,
      inputs: [
        { name: 'date', datatype: 'INT64', unit: 'us' },
        { name: 'distance', datatype: 'FP64' },
        { name: 'origin', datatype: 'BYTES' },
        { name: 'destination', datatype: 'BYTES' },
      ],
      decisionThreshold: 0.5,
    },
  };
}

/** An infer request, the same for every server. */
export function benchRequest(rows: number): string {
  const column = (name: string, datatype: string, of: (row: number) => string | number) => ({
    name,
    datatype,
    shape: [rows],
    data: Array.from({ length: rows }, (_, row) => of(row)),
  });
  return JSON.stringify({
    inputs: [
      column('date', 'INT64', (row) => 981_173_106_000_000 + row * 61_000_000),
      column('distance', 'FP64', (row) => 100 + ((row * 37) % 2_000)),
      column('origin', 'BYTES', (row) => AIRPORTS[row % AIRPORTS.length]!),
      column('destination', 'BYTES', (row) => AIRPORTS[(row * 7 + 3) % AIRPORTS.length]!),
    ],
    outputs: [{ name: 'probability' }],
  });
}
