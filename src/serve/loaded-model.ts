/** A version's graph in memory, ready to score: warmed up, and closed only when no run is in flight. */
import type { ServedVersion } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { emptyScores, type Scores } from '../domain/scores';
import { scoreOutput, targetOf } from '../domain/task';
import { type Batch, batchesOf } from '../engines/features/batches';
import type { FeatureInput } from '../engines/features/fitted';
import { batchDependentNodes } from '../engines/onnx/batch-invariant';
import { requireDeclaredInputs } from '../engines/onnx/declared-inputs';
import { decodeModel } from '../engines/onnx/model';
import { openSession } from '../engines/onnx/session';
import type { Tensor } from '../engines/onnx/tensor';
import { columnsRead, outputShape, requireTask } from '../engines/train/score-rows';
import { type InputValue, tensorOf } from './input-values';
import { type Columns, mergedRuns, type Run } from './merged-runs';
import { invalid } from './request-fields';

export interface LoadedModel {
  readonly version: ServedVersion;
  /**
   * The rows' scores.
   * @param columns input name → values [rows]; may hold inputs that the model doesn't read
   * @throws MlopsError MLOPS_MODEL_INVALID when an input is absent; MLOPS_REQUEST_INVALID when a row's score is not a number
   */
  score(columns: Columns, rows: number): Promise<Scores>;
  /** The model stays open until this has settled: work that will score, and waits for something before. */
  hold(work: Promise<unknown>): void;
  /** Waits for the runs in flight, and for the work that holds it. */
  close(): Promise<void>;
}

/**
 * Opens a model and runs it once: the first run is slow, and a graph that can't run at all must not be found out by a
 * caller. The row is made up of zeros, so its score may be anything.
 * @throws MlopsError MLOPS_MODEL_INVALID
 */
export async function loadModel(version: ServedVersion, bytes: Uint8Array): Promise<LoadedModel> {
  const graph = decodeModel(bytes);
  const inputs = columnsRead(graph);
  requireDeclaredInputs(inputs, version.inputs);
  requireTask(graph, targetOf(version.task));
  const output = scoreOutput(version.task.kind);
  const { width } = outputShape(graph, output);
  const session = await openSession(bytes);
  const running = new Set<Promise<unknown>>();

  const runBatch = async (columns: Columns, { from, to }: Batch) => {
    const tensors: Record<string, Tensor> = {};
    for (const input of inputs) {
      const values = columns.get(input.column) ?? [];
      tensors[input.column] = tensorOf(input, to - from === values.length ? values : values.slice(from, to));
    }
    const values = (await session.run(tensors))[output]?.data;
    if (!(values instanceof Float32Array) || values.length !== (to - from) * width) {
      throw unfit('The graph gave no score for each row.', version, { rows: to - from });
    }
    return { width, values };
  };
  const texts = inputs.filter(({ type }) => type === 'text').map(({ column }) => column);
  const run: Run = async (columns, rows) => {
    if (texts.length === 0) return runBatch(columns, { from: 0, to: rows });
    const scores = emptyScores(width, rows);
    const textsOf = (row: number) => texts.map((name) => columns.get(name)?.[row]?.toString());
    for (const batch of batchesOf(rows, rows, textsOf)) {
      scores.values.set((await runBatch(columns, batch)).values, batch.from * width);
    }
    return scores;
  };
  const names = inputs.map(({ column }) => column);
  const shared = batchDependentNodes(graph).length === 0 ? mergedRuns(run, names) : run;
  const score: Run = async (columns, rows) => {
    const absent = names.find((name) => !columns.has(name));
    if (absent !== undefined) throw unfit(`The request has no input ${absent}.`, version, { input: absent });
    const scores = await shared(columns, rows);
    const at = scores.values.findIndex((each) => !Number.isFinite(each));
    if (at < 0) return scores;
    const row = Math.floor(at / width);
    throw invalid('The model has no score for this row: a value is out of its range.', { row });
  };
  const hold = (work: Promise<unknown>): void => {
    running.add(work);
    const done = () => running.delete(work);
    work.then(done, done);
  };
  const model: LoadedModel = {
    version,
    score: (columns, rows) => {
      const scoring = score(columns, rows);
      hold(scoring);
      return scoring;
    },
    hold,
    close: async () => {
      await Promise.allSettled(running);
      await session.close();
    },
  };
  try {
    await run(new Map(inputs.map((input) => [input.column, [zeroOf(input)]])), 1);
  } catch (error) {
    await model.close();
    throw error;
  }
  return model;
}

function zeroOf({ type, width }: FeatureInput): InputValue {
  if (type === 'vector') return new Array<number>(width!).fill(0);
  return type === 'string' || type === 'text' ? '' : 0;
}

function unfit(what: string, version: ServedVersion, where: Readonly<Record<string, string | number>>): MlopsError {
  return new MlopsError('MLOPS_MODEL_INVALID', what, { version: version.version, ...where }, '');
}
