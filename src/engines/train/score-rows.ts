/** Scores of a table's rows by a model's bytes: the same bytes, and the same bits, as at the endpoint. */
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import { emptyScores, type Scores, scoresBetween } from '../../domain/scores';
import { kindOf, scoreOutput, type Target, TASK_KINDS, type TaskKind, TASKS, widthOf } from '../../domain/task';
import { feedsOf, tableBatches } from '../features/feeds';
import type { FeatureInput, InputType } from '../features/fitted';
import type { ModelProto, TypeProto } from '../onnx/generated/onnx_pb';
import { decodeModel } from '../onnx/model';
import { openSession } from '../onnx/session';
import { ELEMENT_CODES, float32 } from '../onnx/tensor';
import type { TableColumns } from '../tables/columns';

const DEFAULT_BATCH = 4096;

/**
 * @returns the score of each row; it doesn't depend on `batch`
 * @throws MlopsError MLOPS_MODEL_INVALID; MLOPS_FEATURE_INVALID when the table lacks a column of the model
 */
export async function scoreRows(
  model: Uint8Array,
  table: TableColumns,
  { batch = DEFAULT_BATCH }: { readonly batch?: number },
  { progress }: Pick<JobContext, 'progress'>
): Promise<Scores> {
  const graph = decodeModel(model);
  const inputs = columnsRead(graph);
  const output = scoreOutput(taskIn(graph));
  const { dims, width } = outputShape(graph, output);
  const scores = emptyScores(width, table.rows);
  const session = await openSession(model);
  try {
    for (const { from, to } of tableBatches(table, inputs, batch)) {
      await session.run(feedsOf(table, inputs, from, to), {
        [output]: float32(scoresBetween(scores, from, to).values, [to - from, ...dims]),
      });
      progress({ done: to, total: table.rows, note: 'scores' });
    }
  } finally {
    await session.close();
  }
  return scores;
}

/**
 * The columns that a model reads.
 * @throws MlopsError MLOPS_MODEL_INVALID for a model without a task's output, or with an input that no column feeds
 */
export function columnsRead(model: ModelProto): readonly FeatureInput[] {
  const types = new Map<number, InputType>([
    [ELEMENT_CODES.int64, 'timestamp'],
    [ELEMENT_CODES.float64, 'number'],
    [ELEMENT_CODES.string, 'string'],
  ]);
  const { input = [] } = model.graph ?? {};
  taskIn(model);
  return input.map(({ name, type }) => {
    const code = type?.value.case === 'tensorType' ? type.value.value.elemType : 0;
    const known = types.get(code);
    const width = known === 'number' ? inputWidth(type) : undefined;
    if (width !== undefined) return { column: name, type: 'vector', width };
    if (known === 'string' && type?.denotation === 'TEXT') return { column: name, type: 'text' };
    if (known !== undefined) return { column: name, type: known };
    const where = { input: name, elementType: code };
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      'An input has a type that no column has.',
      where,
      'Use a model of a run.'
    );
  });
}

/**
 * A task whose scores the model gives, by its output's name and shape.
 * @throws MlopsError MLOPS_MODEL_INVALID: it has none of them
 */
export function taskIn(model: ModelProto): TaskKind {
  const names = new Set(model.graph?.output.map(({ name }) => name));
  const task = TASK_KINDS.find((kind) => {
    const name = scoreOutput(kind);
    return names.has(name) && outputShape(model, name).width > 1 === (TASKS[kind].outputs[0]!.perClass === true);
  });
  if (task !== undefined) return task;
  const known = TASK_KINDS.map((kind) => `'${scoreOutput(kind)}' (${kind})`).join(' or ');
  throw new MlopsError('MLOPS_MODEL_INVALID', `The model has no output ${known}.`, {}, 'Name its output so.');
}

/** What an output has for each row: [] or [width]. @throws MlopsError MLOPS_MODEL_INVALID: neither */
export function outputShape(
  { graph }: ModelProto,
  name: string
): { readonly dims: readonly number[]; readonly width: number } {
  const type = graph?.output.find((output) => output.name === name)?.type;
  const shape = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
  const dims = shape.slice(1).map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : 0));
  const [width = 1] = dims;
  if (dims.length < 2 && width > 0) return { dims, width };
  const what = `The model's output '${name}' is neither [N] nor [N, width].`;
  throw new MlopsError('MLOPS_MODEL_INVALID', what, { dims: shape.length }, 'Give it one of these shapes.');
}

/** @throws MlopsError MLOPS_MODEL_INVALID: the model answers another task, or another number of classes or labels */
export function requireTask(model: ModelProto, target: Target): void {
  const found = taskIn(model);
  const { width } = outputShape(model, scoreOutput(found));
  const [kind, needed] = [kindOf(target), widthOf(target)];
  // Classes and labels have the same output: what its numbers mean, the version's task says.
  if (scoreOutput(found) === scoreOutput(kind) && width === needed) return;
  const shape = (numbers: number) => (numbers === 1 ? '[N]' : `[N, ${numbers}]`);
  const what = `The model's output is '${scoreOutput(found)}' ${shape(width)}, and the task is ${kind}.`;
  const fix = `Give it the output '${scoreOutput(kind)}' ${shape(needed)}.`;
  throw new MlopsError('MLOPS_MODEL_INVALID', what, {}, fix);
}

/** Of an input [N, width]. */
function inputWidth(type: TypeProto | undefined): number | undefined {
  const dims = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
  const [, second] = dims.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : undefined));
  return dims.length === 2 ? second : undefined;
}
