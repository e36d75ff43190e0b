/** Rules of definitions whose rows have several labels at once. */
import { checkProject, defineProject } from '../../src/project/define-project';
import { CHURN } from './churn';

type Json = Readonly<Record<string, unknown>>;

const { source } = CHURN as unknown as { readonly source: { readonly columns: Json } & Json };
const TAGGED = {
  ...CHURN,
  source: { ...source, columns: { ...source.columns, tags: { type: 'string', missing: [] } } },
  objective: { task: 'labels', labels: ['late', 'far', 'full'] },
  label: { name: 'tags', labeler: { column: 'tags' } },
};

const with_ = (changes: Json): Json => ({ ...TAGGED, ...changes });
const mistakes = (changes: Json = {}): string[] =>
  checkProject(with_(changes)).mistakes.map(({ path, problem }) => `${path}: ${problem}`);
const labels = (names: readonly string[]): Json => ({ objective: { task: 'labels', labels: names } });

test('its normal form has a threshold and a separator', () => {
  expect(mistakes()).toEqual([]);
  const { objective, label, gates } = defineProject(TAGGED as never);
  expect(objective).toEqual({ ...TAGGED.objective, decisionThreshold: 0.5 });
  expect(label.labeler).toEqual({ column: 'tags', separator: ';' });
  expect(gates.map(({ metric, against }) => [metric, against])).toEqual([
    ['logLoss', 'baseline'],
    ['logLoss', 'champion'],
  ]);
});

test('a model of each kind, and gates on the metrics of one label', () => {
  for (const model of [{ network: {} }, { trees: {} }, { linear: {} }, { trees: {}, calibration: 'temperature' }])
    expect(
      mistakes({
        model,
        split: { by: 'hash', columns: ['plan'], validation: 0.2, test: 0.2 },
        gates: [
          { metric: 'auc:late', atLeast: 0.6 },
          { metric: 'microF1', atLeast: 0.2 },
        ],
      })
    ).toEqual([]);
});

const MANY = Array.from({ length: 25 }, (_, place) => `l${place}`);

test.each<[string, Json, string]>([
  [
    'more labels than a float32 has bits for',
    labels(MANY),
    'objective.labels: must have at most 24 entries, is a list',
  ],
  ['one label', labels(['late']), 'objective.labels: must have at least 2 entries, is a list'],
  ['a label twice', labels(['late', 'far', 'late']), 'objective.labels[2]: late is there twice; give each its own'],
  [
    'a label twice, of a registered labeler',
    { ...labels(['late', 'late']), label: { name: 'tags', labeler: { registered: 'mine' } } },
    'objective.labels[1]: late is there twice; give each its own',
  ],
  [
    'a label with what stands between names in records',
    labels(['late', 'far;near']),
    'objective.labels[1]: must be a name of at most 100 characters without `;`, and without blanks around it, is "far;near"',
  ],
  [
    'a label with blanks around it',
    labels(['late', ' far']),
    'objective.labels[1]: must be a name of at most 100 characters without `;`, and without blanks around it, is " far"',
  ],
  [
    'a label with the separator in it',
    { ...labels(['late', 'far, far']), label: { name: 'tags', labeler: { column: 'tags', separator: ',' } } },
    'objective.labels[1]: has the separator "," in it; choose another separator',
  ],
  [
    'a rule',
    { label: { name: 'tags', labeler: { rule: { column: 'spend', op: '>', value: 1 } } } },
    'label.labeler: makes labels 0 and 1, and the task is labels: write { column: … }',
  ],
  [
    'a column that lists nothing',
    { label: { name: 'tags', labeler: { column: 'spend' } } },
    'label.labeler.column: a list of labels must be a column of type string or text; spend is number',
  ],
  [
    'a column of which the empty text may be either',
    { source: { ...source, columns: { ...source.columns, tags: 'string' } } },
    "source.columns.tags.missing: is missing: say whether the empty text lists no label (missing: []) or stands for a row whose labels nobody knows (missing: [''])",
  ],
  [
    'a separator of another task',
    { objective: { task: 'number' }, label: { name: 'spend', labeler: { column: 'spend', separator: ';' } } },
    'label.labeler.separator: is of the task labels, and the task is number; leave it out',
  ],
  [
    'weights of classes',
    { model: { network: { classWeights: 'balanced' } } },
    'model.network.classWeights: weighs classes, and the objective is labels; leave it out',
  ],
  [
    'an isotonic calibration',
    { model: { trees: {}, calibration: 'isotonic' } },
    "model: has isotonic calibration, which is of two outcomes, and the objective is labels; write 'temperature'",
  ],
  [
    'a mean of labels',
    { features: [{ transform: 'targetMean', column: 'plan' }] },
    'features[0]: is a mean of labels, and labels have none; use an embedding, ordinal or oneHot',
  ],
  [
    'a gate on a label that is not declared',
    { gates: [{ metric: 'f1:lat', atLeast: 0.5 }] },
    'gates[0].metric: there is no metric f1:lat. Did you mean f1:late?',
  ],
])('%s is refused', (_, changes, expected) => {
  expect(mistakes(changes)).toContain(expected);
});
