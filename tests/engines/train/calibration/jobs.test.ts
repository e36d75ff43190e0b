/** Each learner's job with a calibration: what the model answers, and the same bytes from a checkpoint. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Calibration, FeatureDefinition } from '../../../../src/domain/definition';
import { kindOf, type Target, type TaskKind } from '../../../../src/domain/task';
import { fitJob } from '../../../../src/engines/features/fit-job';
import { linearJob } from '../../../../src/engines/linear/linear-job';
import { batchDependentNodes } from '../../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../../src/engines/onnx/model';
import { lossOf } from '../../../../src/engines/stats/tasks/task';
import { loadColumns } from '../../../../src/engines/tables/load';
import { scoreRows } from '../../../../src/engines/train/score-rows';
import { trainJob } from '../../../../src/engines/train/train-job';
import type { TrainingInput, TrainingOutput } from '../../../../src/engines/train/training-job';
import { treesJob } from '../../../../src/engines/trees/trees-job';
import { SPEC } from '../../trees/small-trees';
import { NETWORK, type RecordingContext, recordingContext } from '../small-run';
import { COLUMNS, SPLIT, shards } from '../small-shards';

const FEATURES: readonly FeatureDefinition[] = [
  { transform: 'standardize', column: 'km' },
  { transform: 'oneHot', column: 'place', minCount: 1 },
];
const CLASSES = { classes: ['a', 'b', 'c'] };
const LABELS = { labels: ['a', 'b', 'c'] };
const TRAIN = { to: '2001-01-12T00:00:00Z' };
const VALIDATION = { from: '2001-01-12T00:00:00Z', to: '2001-01-18T00:00:00Z' };

type Run = (input: TrainingInput, context: RecordingContext) => Promise<TrainingOutput>;
/** Each learns the training rows far too well, or far too little. */
const LEARNERS: Readonly<Record<string, Run>> = {
  network: (input, context) =>
    trainJob({ ...input, network: { ...NETWORK, epochs: 6, hidden: [32], learningRate: 0.03 } }, context),
  trees: (input, context) => treesJob({ ...input, trees: { ...SPEC, rounds: 40, depth: 8, minWeight: 0 } }, context),
  linear: (input, context) =>
    linearJob({ ...input, linear: { l1: 0, l2: 200, poisson: false, steps: 50, tolerance: 1e-6 } }, context),
};

/** 0 to 99, as if by chance. */
const CHANCE = "(('0x' || substr(md5('x' || i), 1, 6))::INT % 100)";
const NOISY: Readonly<Partial<Record<TaskKind, string>>> = {
  binary: `(${CHANCE} < CASE WHEN i % 5 = 3 THEN 75 ELSE 25 END)::INT`,
  // Two that follow the place, and one by chance.
  labels: `(${CHANCE} < CASE WHEN i % 5 = 3 THEN 75 ELSE 25 END)::INT + 2 * (${CHANCE} % 50 < CASE WHEN i % 5 = 1 THEN 35 ELSE 15 END)::INT + 4 * (${CHANCE} % 2)`,
  classes: `CASE WHEN ${CHANCE} < 60 THEN i % 5 % 3 ELSE ('0x' || substr(md5('y' || i), 1, 6))::INT % 3 END`,
};

async function prepared(task: Target, label: string) {
  const files = await shards(label);
  const source = { shards: files, columns: COLUMNS, eventTime: 'at' };
  const { folder, ...context } = recordingContext();
  const rows = { ...source, where: TRAIN };
  const fit = await fitJob({ ...rows, split: SPLIT, features: FEATURES, dependencies: [] }, { folder, ...context });
  const at = (name: string) => join(folder, fit.files.find((file) => file.name === name)!.file);
  const input = { ...rows, minRows: 400, task, fitted: at('fitted'), graph: at('graph'), checkpointEveryMs: 0 };
  return { input, validation: { ...source, where: VALIDATION } };
}

const modelOf = ({ folder }: RecordingContext) => readFileSync(join(folder, 'model.onnx'));

test.each([
  ['network', 'binary', 'isotonic'],
  ['network', CLASSES, 'temperature'],
  ['trees', 'binary', 'temperature'],
  ['trees', 'binary', 'isotonic'],
  ['linear', 'binary', 'isotonic'],
  ['linear', CLASSES, 'temperature'],
  ['network', LABELS, 'temperature'],
  ['trees', LABELS, 'temperature'],
] as readonly (readonly [string, Target, Calibration])[])(
  '%s, %j, %s: the scores are truer of the validation rows, and a run that goes on from a checkpoint has the same bytes',
  async (learner, task, calibration) => {
    const run = LEARNERS[learner]!;
    const { input, validation } = await prepared(task, NOISY[kindOf(task)]!);
    const [plain, calibrated, resumed] = [recordingContext(), recordingContext(), recordingContext()];
    await run(input, plain);
    const declared = { ...input, calibration, calibrationRows: validation };
    const { parameters } = await run(declared, calibrated);
    expect(parameters['calibration']).toMatchObject({ method: calibration, rows: 240 });
    expect(batchDependentNodes(decodeModel(modelOf(calibrated)))).toEqual([]);

    const { table, labels } = await loadColumns(validation);
    const scores = async (context: RecordingContext, batch?: number) =>
      scoreRows(modelOf(context), table, { batch }, context);
    const after = await scores(calibrated);
    expect(await scores(calibrated, 7)).toEqual(after);
    const loss = lossOf(task);
    const mean = ({ values, width }: typeof after) =>
      labels!.reduce((sum, label, row) => sum + loss.of(values, row * width, label), 0) / labels!.length;
    expect(mean(after)).toBeLessThan(mean(await scores(plain)));

    const { file } = calibrated.checkpoints[Math.floor(calibrated.checkpoints.length / 2)]!;
    await run({ ...declared, resume: join(calibrated.folder, file) }, resumed);
    expect(modelOf(resumed).equals(modelOf(calibrated))).toBe(true);
    expect(readFileSync(join(resumed.folder, 'run.json'), 'utf8')).toBe(
      readFileSync(join(calibrated.folder, 'run.json'), 'utf8')
    );
  }
);

test('validation rows of one outcome are refused, and none at all', async () => {
  const { input, validation } = await prepared('binary', 'CASE WHEN i < 440 THEN i % 2 ELSE 1 END');
  const run = LEARNERS['linear']!;
  const calibration = 'isotonic' as const;
  await expect(run({ ...input, calibration, calibrationRows: validation }, recordingContext())).rejects.toThrow(
    /MLOPS_ONE_CLASS: All labels of the validation rows are 1/
  );
  await expect(run({ ...input, calibration }, recordingContext())).rejects.toThrow(/needs validation rows/);
});

test('where the rows show no best temperature, scores stay as they are', async () => {
  const { input, validation } = await prepared('binary', '(i % 5 = 3)::INT');
  const contexts = [recordingContext(), recordingContext()] as const;
  const run = LEARNERS['trees']!;
  await run(input, contexts[0]);
  const { parameters } = await run({ ...input, calibration: 'temperature', calibrationRows: validation }, contexts[1]);
  expect(parameters['calibration']).toEqual({ method: 'temperature', temperature: 1, rows: 240, isBest: false });
  const { table } = await loadColumns(validation);
  const [plain, calibrated] = await Promise.all(contexts.map((at) => scoreRows(modelOf(at), table, {}, at)));
  expect(calibrated).toEqual(plain);
});
