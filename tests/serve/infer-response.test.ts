/** A response is put together as text: it is the JSON of the protocol, with every field of the answer. */
import { TASKS } from '../../src/domain/task';
import { inferResponse } from '../../src/serve/infer-response';
import type { Answer } from '../../src/serve/predictor';

const scores = [0, 1e-7, Math.fround(0.1), 1];
const answer: Answer = {
  id: 'a.b:c_d-1',
  predictions: ['a.b:c_d-1/0', 'a.b:c_d-1/1', 'a.b:c_d-1/2', 'a.b:c_d-1/3'],
  version: 12,
  route: 'champion',
  scores,
  scoresJson: JSON.stringify(scores),
  decisions: [0, 0, 0, 1],
};
const head = { model_name: 'm', model_version: '12', id: answer.id };
const parameters = { version: 12, route: 'champion', predictions: answer.predictions };

test('all outputs of a task, those that were asked for, and none', () => {
  const [probability, decision] = TASKS.binary.outputs;
  const first = { name: 'probability', shape: [4], datatype: 'FP32', data: scores };
  const second = { name: 'decision', shape: [4], datatype: 'INT64', data: answer.decisions };
  for (const [asked, outputs] of [
    [TASKS.binary.outputs, [first, second]],
    [
      [decision!, probability!],
      [second, first],
    ],
    [[], []],
  ] as const)
    expect(inferResponse('m', { answer, outputs: asked })).toBe(JSON.stringify({ ...head, parameters, outputs }));
});

test('a control group, an empty one, and what views gave', () => {
  const views = [{ 'a "view"': { gave: ['x'], moment: null } }, {}, {}, {}] as unknown as NonNullable<Answer['views']>;
  for (const control of [[answer.predictions[2]!], []])
    expect(inferResponse('m', { answer: { ...answer, control, views }, outputs: [] })).toBe(
      JSON.stringify({ ...head, parameters: { ...parameters, control, views }, outputs: [] })
    );
});

test('probabilities of classes are flat, with their number in the shape; names may have any character', () => {
  const rows = [
    [0.25, 0.75],
    [1, 0],
  ];
  const classes = { ...answer, scores: rows, scoresJson: JSON.stringify(rows), decisions: ['"late"\n', 'Zürich'] };
  expect(JSON.parse(inferResponse('m', { answer: classes, outputs: TASKS.classes.outputs })).outputs).toEqual([
    { name: 'probability', shape: [2, 2], datatype: 'FP32', data: [0.25, 0.75, 1, 0] },
    { name: 'prediction', shape: [2], datatype: 'BYTES', data: ['"late"\n', 'Zürich'] },
  ]);
});

test('of labels the names are there, and a decision is 1 or 0 for each', () => {
  const labels = ['late', 'far', '7'];
  const rows = [
    [0.9, 0.5, 0.1],
    [0.2, 0.3, 0.1],
  ];
  const given = { ...answer, scores: rows, scoresJson: JSON.stringify(rows), decisions: ['late;far', ''] };
  const response = JSON.parse(inferResponse('m', { answer: given, outputs: TASKS.labels.outputs, labels }));
  expect(response.parameters.labels).toEqual(labels);
  expect(response.outputs).toEqual([
    { name: 'probability', shape: [2, 3], datatype: 'FP32', data: rows.flat() },
    { name: 'prediction', shape: [2, 3], datatype: 'INT64', data: [1, 1, 0, 0, 0, 0] },
  ]);
});
