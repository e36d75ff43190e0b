/** Trees and logistic regression on the same rows, ours beside the best known: from numbers in memory to a model. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinearObjective } from '../../src/engines/linear/objective';
import { aucByBlocks } from '../../src/engines/stats/auc';
import { LOGISTIC } from '../../src/engines/train/loss';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { median } from '../spread';
import { type Learner, openLearners } from './learners';
import { COLUMNS, writeRows } from './rows';

const ROWS = 100_000;
const TEST_ROWS = 50_000;
const MOST_OF_XGBOOST = 2;
const MOST_AUC = 0.002;
const MOST_OF_SCIKIT = 3;
/** Of the objective: more than it is not the same one. */
const SAME = 1e-6;
const AIM = `trees (100 of depth 6) in at most ${MOST_OF_XGBOOST} times XGBoost's time, at an AUC within ${MOST_AUC} of it; logistic regression in at most ${MOST_OF_SCIKIT} times scikit-learn's, to the same objective`;

export async function benchTrain({ rounds, rows = ROWS }: BenchOptions): Promise<BenchResult> {
  const learners = openLearners();
  const load = loadavg()[0] ?? 0;
  say(`load average ${load.toFixed(2)}${load > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeRows(folder, 'train', rows, 1);
  writeRows(folder, 'test', TEST_ROWS, 2);
  const work = { folder, columns: COLUMNS, threads: availableParallelism() };
  writeFileSync(join(folder, 'work.json'), JSON.stringify(work));
  const figures = new Map<string, Map<string, number[]>>();
  const qualities = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < learners.length; i += 1) {
      const { name, model, train } = learners[(i + round) % learners.length]!;
      const took = train(folder);
      const quality = await qualityOf(model, folder);
      const points = figures.get(name) ?? new Map<string, number[]>();
      figures.set(name, points.set(model, [...(points.get(model) ?? []), took]));
      qualities.set(`${QUALITIES[model]} of ${name}`, quality);
      say(`${name}, ${model}: ${took.toFixed(3)} s, ${QUALITIES[model]} ${quality.toPrecision(8)}`);
    }
  }
  for (const [name, points] of figures)
    for (const [model, values] of points) say(`${name.padEnd(12)} ${model.padEnd(6)} ${median(values).toFixed(3)} s`);
  const gap = Math.abs(qualities.get('auc of xgboost')! - qualities.get('auc of ours')!);
  const above = qualities.get('objective of ours')! / qualities.get('objective of scikit-learn')! - 1;
  return {
    ...resultsOf({
      ...{ bench: 'train', unit: 'seconds', better: 'lower', aim: AIM, figures, load },
      holds: (ratio) =>
        ratio['xgboost trees']! * MOST_OF_XGBOOST >= 1 &&
        gap <= MOST_AUC &&
        ratio['scikit-learn linear']! * MOST_OF_SCIKIT >= 1 &&
        above <= SAME,
    }),
    further: Object.fromEntries([...qualities].map(([name, quality]) => [name, Number(quality.toPrecision(8))])),
  };
}

const QUALITIES: Readonly<Record<Learner['model'], string>> = { trees: 'auc', linear: 'objective' };

/** Of trees the AUC of the test rows; of weights the value of what was to be minimised, in double. */
async function qualityOf(model: Learner['model'], folder: string): Promise<number> {
  if (model === 'trees') {
    const labels = floats(join(folder, 'test-labels.f32'));
    const blocks = { names: ['all'], index: new Int32Array(labels.length) };
    return aucByBlocks(floats(join(folder, 'scores.f32')), labels, blocks).estimate;
  }
  const labels = floats(join(folder, 'train-labels.f32'));
  const data = { rows: labels.length, width: COLUMNS, dense: floats(join(folder, 'train-features.f32')), labels };
  const weights = new Float64Array(new Uint8Array(readFileSync(join(folder, 'weights.f64'))).buffer);
  const objective = new LinearObjective(data, LOGISTIC, 1, () => undefined);
  return (await objective.at(objective.centred(weights))).value;
}

function floats(path: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
