/** TF-IDF in the graph, against scikit-learn; the door that texts go through; and the same bits in every batch. */
import type { FeatureDefinition } from '../../../src/domain/definition';
import { batchesOf } from '../../../src/engines/features/batches';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { feedsOf } from '../../../src/engines/features/feeds';
import { fitFeatures } from '../../../src/engines/features/fit';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { MOST_CHARACTERS, normalText } from '../../../src/engines/features/normal-text';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { randomStream } from '../../../src/engines/train/random';
import { denseRows } from './dense-rows';
import { DOCUMENTS, mails } from './mails';
import { SILENT } from './tables';

type TextNgrams = Extract<FeatureDefinition, { readonly transform: 'textNgrams' }>;

const feature = (changes: Partial<TextNgrams> = {}): TextNgrams => ({
  transform: 'textNgrams',
  column: 'mail',
  of: 'words',
  lengths: [1, 1],
  minCount: 1,
  maxFeatures: 1_000,
  ...changes,
});

/**
 * scikit-learn 1.7.2: TfidfVectorizer(token_pattern=r"(?u)\w+", ngram_range=(1, 2), min_df=2), and
 * TfidfVectorizer(analyzer='char', ngram_range=(2, 3), min_df=4), fitted on the documents.
 */
const REFERENCES = {
  words: {
    names: ['claim', 'free', 'is', 'meeting', 'monday', 'now', 'prize', 'report', 'the', 'the report', 'your'],
    idf: [
      2.09861228866811, 2.09861228866811, 1.8109302162163288, 2.09861228866811, 2.09861228866811, 1.587786664902119,
      2.09861228866811, 2.09861228866811, 2.09861228866811, 2.09861228866811, 2.09861228866811,
    ],
    rows: [
      [
        0.3633979400497555, 0.726795880099511, 0, 0, 0, 0.2749428307360647, 0.3633979400497555, 0, 0, 0,
        0.3633979400497555,
      ],
      [0, 0, 0, 0.5, 0, 0, 0, 0.5, 0.5, 0.5, 0],
      [
        0.4812893539801354, 0, 0.41531322320570957, 0, 0, 0.36413816040980423, 0.4812893539801354, 0, 0, 0,
        0.4812893539801354,
      ],
      [
        0, 0, 0.2918091121128193, 0.33816553677302924, 0.33816553677302924, 0, 0, 0.33816553677302924,
        0.6763310735460585, 0.33816553677302924, 0,
      ],
      [0, 0.5490649533638214, 0.4737980045580503, 0, 0.5490649533638214, 0.4154164234259147, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
  },
  characters: {
    names: [' n', ' no', 'e ', 'ee', 'in', 'ing', 'ng', 'no', 'now', 'on', 'ow', 're'],
    idf: [
      1.4054651081081644, 1.4054651081081644, 1.4054651081081644, 1.587786664902119, 1.587786664902119,
      1.587786664902119, 1.587786664902119, 1.251314428280906, 1.4054651081081644, 1.587786664902119,
      1.4054651081081644, 1.587786664902119,
    ],
    rows: [
      [
        0.19889269223888328, 0.19889269223888328, 0.5966780767166499, 0.44938741298026763, 0, 0, 0, 0.1770782455162842,
        0.19889269223888328, 0.22469370649013382, 0.19889269223888328, 0.44938741298026763,
      ],
      [
        0.2088015261456454, 0.2088015261456454, 0.2088015261456454, 0.23588794692422366, 0.4717758938484473,
        0.4717758938484473, 0.4717758938484473, 0.18590028368958353, 0, 0.23588794692422366, 0, 0.23588794692422366,
      ],
      [
        0.32238789465308193, 0.32238789465308193, 0.32238789465308193, 0, 0.364209112771968, 0.364209112771968,
        0.364209112771968, 0.2870285585570438, 0.32238789465308193, 0, 0.32238789465308193, 0,
      ],
      [
        0, 0, 0.5857664880749938, 0.3308770218294324, 0.3308770218294324, 0.3308770218294324, 0.3308770218294324, 0, 0,
        0.3308770218294324, 0, 0.3308770218294324,
      ],
      [
        0.2726677091796337, 0.2726677091796337, 0.2726677091796337, 0.3080390612952254, 0, 0, 0, 0.2427616570873416,
        0.2726677091796337, 0.6160781225904508, 0.2726677091796337, 0.3080390612952254,
      ],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [
        0.34745040949455414, 0.34745040949455414, 0, 0, 0, 0, 0, 0.46401334476869655, 0.5211756142418311, 0,
        0.5211756142418311, 0,
      ],
      [
        0, 0, 0, 0, 0.3765847513269486, 0.3765847513269486, 0.3765847513269486, 0.5935632830560863, 0.3333424697002628,
        0, 0.3333424697002628, 0,
      ],
    ],
  },
};

/** As many units in the last place of 1, the largest number there is on the way to a weight. */
const TOLERANCE = 8 * 2 ** -23;

test.each([
  ['words', [1, 2], 2],
  ['characters', [2, 3], 4],
] as const)('%s: as scikit-learn has them', async (of, lengths, minCount) => {
  const { names, idf, rows } = REFERENCES[of];
  const definition = feature({ of, lengths, minCount });
  const [fitted] = fitFeatures(mails(DOCUMENTS), [definition]).transforms;
  if (fitted?.transform !== 'textNgrams') throw new Error('not fitted');
  expect(new Set(fitted.ngrams)).toEqual(new Set(names));
  const order = names.map((name) => fitted.ngrams.indexOf(name));
  order.forEach((at, i) => expect(Math.abs(fitted.idf[at]! - idf[i]!)).toBeLessThan(8 * 2 ** -51));
  const dense = await denseRows([definition], mails(DOCUMENTS));
  dense.forEach((row, at) => {
    order.forEach((place, i) => expect(Math.abs(row[place]! - rows[at]![i]!)).toBeLessThan(TOLERANCE));
  });
});

test('of more than asked for, those that are there most often', () => {
  const ngramsOf = (changes: Partial<TextNgrams>) => {
    const [fitted] = fitFeatures(mails(['b b a', 'b c', 'a d', 'e']), [feature(changes)]).transforms;
    return fitted?.transform === 'textNgrams' ? fitted.ngrams : undefined;
  };
  expect(ngramsOf({ maxFeatures: 2 })).toEqual(['a', 'b']);
  // Equally frequent ones in their order.
  expect(ngramsOf({ maxFeatures: 3 })).toEqual(['a', 'b', 'c']);
  expect(ngramsOf({ lengths: [2, 2] })).toEqual(['a d', 'b a', 'b b', 'b c']);
  expect(() => ngramsOf({ minCount: 3 })).toThrow(/MLOPS_FEATURE_INVALID.*No value is in 3 rows/);
});

test('what is missing, empty or unknown is all 0, alone and beside others', async () => {
  const training = mails(['a b', 'b c']);
  for (const texts of [[null], [''], ['x y'], [null, '', 'x'], ['b', null, '']]) {
    for (const lengths of [
      [1, 1],
      [2, 3],
      [1, 2],
    ] as const) {
      const dense = await denseRows([feature({ lengths })], training, mails(texts));
      expect(dense.map((row) => row.some((value) => value !== 0))).toEqual(
        texts.map((text) => text === 'b' && lengths[0] === 1)
      );
    }
  }
});

test('the normal form: one beginning, one case, one composition, one blank', () => {
  expect(normalText('A\t\n B\u00a0c')).toBe('a b c');
  expect(normalText('Caf\u0065\u0301')).toBe('caf\u00e9');
  expect(normalText('ΟΔΟΣ')).toBe('οδος');
  const cut = normalText(`${'a'.repeat(MOST_CHARACTERS - 1)}😀b`);
  expect(cut).toBe('a'.repeat(MOST_CHARACTERS - 1));
  expect(normalText('x'.repeat(2 * MOST_CHARACTERS))).toHaveLength(MOST_CHARACTERS);
});

test('what differs in its form alone is the same to the features', async () => {
  const [one, other] = await denseRows(
    [feature({ of: 'characters', lengths: [1, 3] }), feature()],
    mails(['Café\tΣ 7', 'cafe\u0301   σ 7'])
  );
  expect(one).toEqual(other);
});

test('a batch is cut by its padded size, and each row is in one', () => {
  const lengths = [
    10,
    8_192,
    5,
    8_192,
    1,
    20_000,
    ...new Array<number>(500).fill(8_000),
    ...new Array<number>(3_000).fill(3),
  ];
  const texts = lengths.map((length) => 'x'.repeat(length));
  const batches = [...batchesOf(texts.length, 1_000, (row) => [texts[row]])];
  expect(batches.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
    texts.map((_, row) => row)
  );
  for (const { from, to } of batches) {
    const longest = Math.max(...lengths.slice(from, to).map((length) => Math.min(length, MOST_CHARACTERS)));
    expect(to - from).toBeLessThanOrEqual(1_000);
    expect((to - from) * longest).toBeLessThanOrEqual(2 ** 20);
  }
});

/** Of 1 to 40 words each, some of which training doesn't know. */
function manyTexts(rows: number): readonly (string | null)[] {
  const random = randomStream(11, 3, 0);
  const below = (n: number) => Math.floor((random() / 2 ** 32) * n);
  return Array.from({ length: rows }, () =>
    below(20) === 0
      ? null
      : Array.from({ length: 1 + below(40) }, () => `wört${below(90)}`).join(below(2) === 0 ? ' ' : ', ')
  );
}

test('each row has the same bits alone, in any batch, and in the whole table', async () => {
  const texts = mails(manyTexts(311));
  const fitted = fitFeatures(texts, [
    feature({ lengths: [1, 2], minCount: 2, maxFeatures: 151 }),
    feature({ of: 'characters', lengths: [2, 4], maxFeatures: 77 }),
  ]);
  const graph = featureGraph(fitted);
  expect(batchDependentNodes(decodeModel(graph))).toEqual([]);
  const whole = await makeFeatures(graph, fitted, texts, SILENT);
  expect(whole.width).toBe(151 + 77);
  const session = await openSession(graph);
  for (const batch of [1, 2, 3, 7, 64, 200]) {
    const parts: Float32Array[] = [];
    for (let from = 0; from < texts.rows; from += batch) {
      const to = Math.min(texts.rows, from + batch);
      const { dense } = await session.run(feedsOf(texts, fitted.inputs, from, to));
      parts.push(dense!.data as Float32Array);
    }
    expect(
      Buffer.compare(
        Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
        Buffer.from(whole.dense.buffer)
      )
    ).toBe(0);
  }
  await session.close();
});
