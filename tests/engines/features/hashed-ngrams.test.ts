/** N-grams by their hash, against scikit-learn and against a count in plain code; and the same bits in every batch. */
import type { FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { feedsOf } from '../../../src/engines/features/feeds';
import { fitFeatures } from '../../../src/engines/features/fit';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { murmur3 } from '../../../src/engines/features/murmur';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { randomStream } from '../../../src/engines/train/random';
import { denseRows } from './dense-rows';
import { DOCUMENTS, mails } from './mails';
import { SILENT } from './tables';

type HashedNgrams = Extract<FeatureDefinition, { readonly transform: 'hashedNgrams' }>;

const feature = (changes: Partial<HashedNgrams> = {}): HashedNgrams => ({
  transform: 'hashedNgrams',
  column: 'mail',
  of: 'words',
  lengths: [1, 1],
  buckets: 20,
  ...changes,
});

/**
 * scikit-learn 1.7.2: HashingVectorizer(alternate_sign=False, norm=None, …) with token_pattern=r"(?u)\w+", ngram_range=(1, 2),
 * n_features=20, and with analyzer='char', ngram_range=(2, 3), n_features=13.
 */
const COUNTS = {
  words: [
    [0, 0, 3, 0, 1, 1, 0, 1, 0, 0, 0, 0, 2, 1, 0, 1, 1, 0, 2, 0],
    [1, 0, 1, 2, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 2, 1, 0],
    [0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0],
    [1, 1, 2, 0, 1, 2, 0, 0, 1, 1, 0, 1, 2, 0, 0, 0, 0, 3, 2, 0],
    [1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 2, 1, 1, 0, 3, 1, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 0],
    [0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ],
  characters: [
    [8, 4, 6, 1, 8, 7, 7, 6, 5, 5, 10, 3, 3],
    [8, 6, 7, 7, 4, 7, 5, 7, 6, 9, 6, 6, 3],
    [5, 5, 10, 2, 4, 3, 7, 5, 5, 5, 9, 6, 5],
    [8, 5, 6, 9, 14, 4, 9, 6, 7, 7, 4, 5, 7],
    [6, 5, 3, 0, 11, 2, 10, 4, 3, 4, 4, 2, 7],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [3, 0, 3, 0, 2, 0, 4, 0, 0, 0, 3, 0, 4],
    [6, 1, 3, 1, 3, 1, 0, 2, 4, 1, 2, 2, 1],
  ],
} as const;

/** The same vectorizer with norm='l2', of the first document's words. */
const FIRST_ROW = [
  0, 0, 0.6255432421712244, 0, 0.20851441405707477, 0.20851441405707477, 0, 0.20851441405707477, 0, 0, 0, 0,
  0.41702882811414954, 0.20851441405707477, 0, 0.20851441405707477, 0.20851441405707477, 0, 0.41702882811414954, 0,
];

/** In double, and then the nearest float. */
function unit(counts: readonly number[]): readonly number[] {
  const norm = Math.sqrt(counts.reduce((sum, count) => sum + count * count, 0));
  return counts.map((count) => Math.fround(count / (norm === 0 ? 1 : norm)));
}

test.each([
  ['words', [1, 2], 20],
  ['characters', [2, 3], 13],
] as const)('%s: as scikit-learn has them', async (of, lengths, buckets) => {
  const dense = await denseRows([feature({ of, lengths, buckets })], mails(DOCUMENTS));
  expect(dense).toEqual(COUNTS[of].map(unit));
});

test('divided by the norm as scikit-learn does it', async () => {
  const [first] = await denseRows([feature({ lengths: [1, 2] })], mails(DOCUMENTS));
  expect(first).toEqual(FIRST_ROW.map(Math.fround));
});

/** As the transform's definition has it, with none of its code. */
function counted(text: string, { of, lengths: [least, most], buckets }: HashedNgrams): readonly number[] {
  const tokens = of === 'words' ? text.split(' ').filter((word) => word !== '') : Array.from(text);
  const counts = new Array<number>(buckets).fill(0);
  for (let length = least; length <= most; length += 1) {
    for (let at = 0; at + length <= tokens.length; at += 1) {
      counts[Math.abs(murmur3(tokens.slice(at, at + length).join(of === 'words' ? ' ' : ''))) % buckets]! += 1;
    }
  }
  return counts;
}

const random = randomStream(11, 4, 0);
const below = (n: number) => Math.floor((random() / 2 ** 32) * n);
const TEXTS = Array.from({ length: 211 }, () =>
  below(15) === 0 ? null : Array.from({ length: below(30) }, () => `wört${below(90)}`).join(' ')
);

test.each([
  ['words', [1, 1], 2],
  ['words', [3, 8], 1_000],
  ['characters', [1, 4], 64],
  ['characters', [8, 8], 7],
] as const)(
  '%s of lengths %j in %d buckets: counted in plain code, shorter texts and none',
  async (of, lengths, buckets) => {
    const definition = feature({ of, lengths, buckets });
    const dense = await denseRows([definition], mails(TEXTS));
    expect(dense).toEqual(TEXTS.map((text) => unit(counted(text ?? '', definition))));
  }
);

test('a text of no n-gram is all 0 alone as beside others', async () => {
  for (const texts of [[null], [''], ['x'], [null, '', 'x'], ['x y z', null, 'x']]) {
    const dense = await denseRows([feature({ lengths: [2, 3] })], mails(texts));
    expect(dense.map((row) => row.some((value) => value !== 0))).toEqual(texts.map((text) => text === 'x y z'));
  }
});

test('each row has the same bits alone, in any batch, and in the whole table', async () => {
  const rows = mails(TEXTS);
  const fitted = fitFeatures(rows, [
    feature({ lengths: [1, 3], buckets: 151 }),
    feature({ of: 'characters', lengths: [2, 4], buckets: 77 }),
  ]);
  const graph = featureGraph(fitted);
  expect(batchDependentNodes(decodeModel(graph))).toEqual([]);
  const whole = await makeFeatures(graph, fitted, rows, SILENT);
  expect(whole.width).toBe(151 + 77);
  const session = await openSession(graph);
  for (const batch of [1, 2, 7, 64]) {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < rows.rows; from += batch) {
      const { dense } = await session.run(feedsOf(rows, fitted.inputs, from, Math.min(rows.rows, from + batch)));
      parts.push(bytesOf(dense!.data));
    }
    expect(Buffer.compare(Buffer.concat(parts), Buffer.from(whole.dense.buffer))).toBe(0);
  }
  await session.close();
});
