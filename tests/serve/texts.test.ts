/** A model of texts: the same score in a batch of a table and at the endpoint, alone and beside others. */
import type { FeatureDefinition } from '../../src/domain/definition';
import { fitFeatures } from '../../src/engines/features/fit';
import { denseWidth, embeddingTables } from '../../src/engines/features/fitted';
import { inferenceGraph } from '../../src/engines/train/inference-graph';
import { initialParameters, parameterShapes } from '../../src/engines/train/network';
import { scoreRows } from '../../src/engines/train/score-rows';
import { loadModel } from '../../src/serve/loaded-model';
import { numberColumn, SILENT, table, wordsColumn } from '../engines/features/tables';
import { servedVersion } from './flights-model';

const TEXTS: readonly (string | null)[] = [
  'Free MONEY, claim it now',
  'Caf\u00e9 at noon?',
  'cafe\u0301\tAT\nnoon',
  'ΟΔΟΣ İstanbul STRASSE ẞ',
  null,
  '',
  `${'long '.repeat(4_000)}money`,
  ...Array.from({ length: 300 }, (_, i) => `money ${'noon '.repeat(i * 5)}`),
];
const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'standardize', column: 'x' },
  { transform: 'textNgrams', column: 'mail', of: 'words', lengths: [1, 2], minCount: 1, maxFeatures: 50 },
  { transform: 'textNgrams', column: 'mail', of: 'characters', lengths: [3, 3], minCount: 1, maxFeatures: 50 },
  { transform: 'hashedNgrams', column: 'mail', of: 'characters', lengths: [1, 3], buckets: 50 },
];

test('the same bits in both places, whatever form a text comes in', async () => {
  const rows = table({ mail: wordsColumn(TEXTS), x: numberColumn(TEXTS.map((_, i) => i)) });
  const fitted = fitFeatures(rows, FEATURES);
  const shape = { dense: denseWidth(fitted), tables: embeddingTables(fitted), hidden: [16], outputs: 1 };
  const bytes = inferenceGraph(fitted, {
    shape,
    head: { task: 'binary' },
    parameters: initialParameters(parameterShapes(shape), 4),
  });
  const scores = await scoreRows(bytes, rows, {}, SILENT);
  expect(new Set(scores.values).size).toBeGreaterThan(100);
  const version = {
    ...servedVersion(1, bytes),
    inputs: [
      { name: 'mail', datatype: 'BYTES' },
      { name: 'x', datatype: 'FP64' },
    ] as const,
  };
  const model = await loadModel(version, bytes);
  const all = await model.score(
    new Map<string, readonly (string | number | null)[]>([
      ['mail', TEXTS],
      ['x', TEXTS.map((_, i) => i)],
    ]),
    TEXTS.length
  );
  expect(all).toEqual(scores);
  for (const row of [0, 1, 2, 3, 4, 5, 6, 306]) {
    const {
      values: [score],
    } = await model.score(
      new Map<string, readonly (string | number | null)[]>([
        ['mail', [TEXTS[row]!]],
        ['x', [row]],
      ]),
      1
    );
    expect(score).toBe(scores.values[row]);
  }
  await model.close();
});
