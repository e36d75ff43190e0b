import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Begun, readCheckpointFile, writeCheckpointFile } from '../../../src/engines/train/checkpoint-file';
import { boundsOf, putInBins } from '../../../src/engines/trees/bins';
import { layoutOf } from '../../../src/engines/trees/layout';
import { LOGISTIC, type Loss, SQUARED } from '../../../src/engines/train/loss';
import { type TrainedTrees, trainTrees, type TreesOptions } from '../../../src/engines/trees/train-trees';
import { addTree, type Ensemble } from '../../../src/engines/trees/tree';
import { recordingContext } from '../train/small-run';
import { columnsOf, request, smallColumns, type SPEC } from './small-trees';

const train = (asked: ReturnType<typeof request>, options: TreesOptions = {}) =>
  trainTrees(asked, recordingContext(), options);
const bytesOf = ({ ensemble, rounds, bestRound }: TrainedTrees) =>
  JSON.stringify([
    ensemble.trees,
    ensemble.start,
    ensemble.bounds.map((bounds) => [...bounds].map(String)),
    rounds,
    bestRound,
  ]);

/** The scores of rows, walked in doubles. */
function scoresOf({ start, bounds, trees }: Ensemble, data: ReturnType<typeof smallColumns>): Float64Array {
  const columns = bounds.map((each, column) => {
    const bins = new Uint8Array(data.rows);
    putInBins(data, column, each, bins);
    return bins;
  });
  const scores = new Float64Array(data.rows).fill(start[0]!);
  const binned = { rows: data.rows, columns, counts: bounds.map(({ length }) => length) };
  for (const tree of trees) addTree(tree, binned, scores, 0, 1);
  return scores;
}

test('a tree as computed by hand', async () => {
  // At a rate of a half the scores start at 0: gradients are ±½, hessians ¼.
  // x ≤ 2 leaves G = 1, H = ½ on the left: −G ÷ (H + λ) = −2/3, and on the right the opposite.
  const data = columnsOf(
    [
      [1, 2, 3, 4],
      [5, 6, 5, 6],
    ],
    [0, 0, 1, 1]
  );
  const { ensemble } = await train(request(data, { rounds: 1, depth: 1, learningRate: 1, minWeight: 0 }));
  const value = Math.fround(2 / 3);
  expect(ensemble).toMatchObject({
    start: [0],
    trees: [[{ column: 0, bin: 1, left: 1, right: 2 }, { value: -value }, { value }]],
  });
});

test('a number is fitted by its squared error, and a leaf is what its rows are off by', async () => {
  // The mean is 5; the left two rows are 3 below it in the mean, the right two 3 above.
  const data = columnsOf([[1, 2, 3, 4]], [1, 3, 7, 9]);
  const asked = request(data, { rounds: 1, depth: 1, learningRate: 1, minWeight: 0, l2: 0 });
  const { ensemble, rounds } = await train({ ...asked, loss: SQUARED });
  expect(ensemble).toMatchObject({ start: [5], trees: [[{ bin: 1 }, { value: -3 }, { value: 3 }]] });
  expect(rounds).toEqual([{ epoch: 1, rows: 4, loss: 1 }]);
});

test('no side of a split has less weight than minWeight, and nothing is split that gains nothing', async () => {
  const data = columnsOf([[1, 2, 3, 4]], [0, 1, 1, 1]);
  const leaf = [expect.objectContaining({ value: expect.any(Number) as unknown })];
  const grown = async (changes: Partial<typeof SPEC>) =>
    (await train(request(data, { rounds: 1, depth: 1, ...changes }))).ensemble.trees[0];
  // Four rows of hessian 3/16.
  expect(await grown({ minWeight: 0.37 })).toEqual([expect.objectContaining({ bin: 1 }), ...leaf, ...leaf]);
  expect(await grown({ minWeight: 0.38 })).toEqual(leaf);
  const same = columnsOf([[1, 1, 1, 1]], [0, 1, 1, 1]);
  expect((await train(request(same, { rounds: 2 }))).ensemble.trees.map(({ length }) => length)).toEqual([1, 1]);
});

test('rows that lack a number go to the side where they fit', async () => {
  const missing = [0, 1].map((label) => {
    const rows = Array.from({ length: 40 }, (_, i) => i);
    const labels = rows.map((i) => (i < 10 ? label : i % 2));
    return columnsOf([rows.map((i) => (i < 10 ? Number.NaN : i % 2))], labels);
  });
  const sides = await Promise.all(
    missing.map(async (data) => (await train(request(data, { rounds: 1, depth: 1 }))).ensemble.trees[0]![0])
  );
  // The odd ones, whose label is 1, are right.
  expect(sides).toEqual([
    expect.objectContaining({ missingLeft: true }),
    expect.objectContaining({ missingLeft: false }),
  ]);
});

test('where only missing values tell, they are parted from all numbers, later ones too', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const data = columnsOf(
    [rows.map((i) => (i < 20 ? Number.NaN : i % 3))],
    rows.map((i) => (i < 20 ? 1 : 0))
  );
  const { ensemble } = await train(request(data, { rounds: 1, depth: 1 }));
  const root = ensemble.trees[0]![0]!;
  if (!('column' in root)) throw new Error('the root is split');
  expect(root.missingLeft).toBe(false);
  expect(ensemble.bounds[0]![root.bin]).toBe(Infinity);
});

test('with every round the training loss falls, and the validation rows decide which is the best', async () => {
  const [data, validation] = [smallColumns(600), smallColumns(400, 2)];
  const asked = { ...request(data, { rounds: 60, patience: 5 }), validation };
  const { rounds, bestRound, ensemble } = await train(asked);
  const losses = rounds.map(({ loss }) => loss);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  const validated = rounds.map(({ validationLoss }) => validationLoss!);
  expect(validated[bestRound - 1]).toBe(Math.min(...validated));
  expect(rounds).toHaveLength(bestRound + 5);
  expect(ensemble.trees).toHaveLength(bestRound);
  expect(LOGISTIC.mean(scoresOf(ensemble, validation), validation.labels)).toBe(Math.min(...validated));
});

test('one, two or five threads grow the same trees', async () => {
  const asked = request(smallColumns(2000), { rowShare: 0.7, columnShare: 0.6 });
  const [one, two, five] = await Promise.all([1, 2, 5].map((threads) => train(asked, { threads })));
  expect(bytesOf(two!)).toBe(bytesOf(one!));
  expect(bytesOf(five!)).toBe(bytesOf(one!));
});

test('rows and columns are drawn by the seed', async () => {
  const data = smallColumns(500);
  const drawn = (seed: number) => train(request(data, { rowShare: 0.5, columnShare: 0.4, seed }));
  expect(bytesOf(await drawn(1))).toBe(bytesOf(await drawn(1)));
  expect(bytesOf(await drawn(1))).not.toBe(bytesOf(await drawn(2)));
  const { ensemble } = await train(request(data, { rounds: 20, columnShare: 0.2 }));
  for (const tree of ensemble.trees) {
    expect(new Set(tree.flatMap((node) => ('column' in node ? [node.column] : []))).size).toBeLessThan(2);
  }
});

test('a run that goes on from any checkpoint ends as one never disturbed', async () => {
  const asked = {
    ...request(smallColumns(500), { rowShare: 0.7, patience: 4, rounds: 40 }),
    validation: smallColumns(300, 2),
  };
  const context = recordingContext();
  const whole = await trainTrees(asked, context, { checkpointEveryMs: 0 });
  expect(context.checkpoints.length).toBeGreaterThan(5);
  for (const { file } of context.checkpoints) {
    expect(bytesOf(await train(asked, { resume: join(context.folder, file) }))).toBe(bytesOf(whole));
  }
  const other = { ...asked, trees: { ...asked.trees, seed: 9 } };
  const resume = join(context.folder, context.checkpoints[0]!.file);
  await expect(train(other, { resume })).rejects.toThrow(/MLOPS_CHECKPOINT_INVALID.*another run/);
});

test('a checkpoint of another environment makes the run a mixed one', async () => {
  const context = recordingContext();
  const asked = request(smallColumns(200));
  await trainTrees(asked, context, { checkpointEveryMs: 0 });
  const elsewhere = recordingContext();
  const path = join(context.folder, context.checkpoints[0]!.file);
  const run = /"run":"(sha256:[0-9a-f]+)"/.exec(readFileSync(path, 'latin1'))![1]!;
  const { header } = await readCheckpointFile<Begun>(path, run);
  const file = await writeCheckpointFile(elsewhere.folder, 1, {
    ...header,
    environment: { ...header.environment, isa: 'other' },
  } as never);
  expect((await train(asked, { resume: join(elsewhere.folder, file) })).numerics).toBe('mixed');
});

test('a loss that is not finite any more is reported', async () => {
  const broken: Loss = { ...LOGISTIC, derivatives: (_, __, [into]) => into!.gradient.fill(Number.NaN)[0]! };
  await expect(train({ ...request(smallColumns(50)), loss: broken })).rejects.toThrow(/MLOPS_TRAINING_DIVERGED/);
});

test('what would not fit the memory of a kernel is refused before it is asked for', async () => {
  expect(() => layoutOf({ rows: 2 ** 31, counts: [255], parts: 1, depth: 6 })).toThrow(/MLOPS_OUT_OF_MEMORY.*4 GB/);
});

interface Peer {
  readonly spec: Pick<typeof SPEC, 'rounds' | 'depth' | 'learningRate' | 'minWeight' | 'l2'>;
  /** [rows, columns], null where the number is missing. */
  readonly features: readonly (readonly (number | null)[])[];
  readonly labels: readonly number[];
  readonly margins: readonly number[];
}

test('XGBoost says the same of the same rows (tests/engines/trees/peer.py)', async () => {
  const peer = JSON.parse(readFileSync(join(__dirname, 'peer.json'), 'utf8')) as Peer;
  const columns = peer.features[0]!.map((_, column) => peer.features.map((row) => row[column] ?? Number.NaN));
  const data = columnsOf(columns, peer.labels);
  const { ensemble } = await train(request(data, peer.spec));
  expect(boundsOf(data).every(({ length }) => length < 255)).toBe(true);
  const largest = Math.max(...scoresOf(ensemble, data).map((score, row) => Math.abs(score - peer.margins[row]!)));
  expect(largest).toBeLessThan(1e-5);
});
