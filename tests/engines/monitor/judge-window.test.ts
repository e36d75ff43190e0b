import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchemaDefinition } from '../../../src/domain/definition';
import { dataQualityOf } from '../../../src/engines/monitor/data-quality';
import {
  type JudgeWindowInput,
  judgeWindowJob,
  type WindowNumbers,
} from '../../../src/engines/monitor/judge-window-job';
import { readWindow, type WindowRow } from '../../../src/engines/monitor/window-table';
import { windowRelation } from '../../../src/engines/monitor/window-relation';
import { referenceOf } from '../../../src/engines/stats/reference';
import { metricOf } from '../../support/metric-of';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { learnDependencies } from '../../../src/engines/tables/dependencies';

const DAY_MS = 86_400_000;
const THURSDAY = Date.parse('2001-02-01T00:00:00Z');
const RULE = {
  name: 'distance_is_the_routes',
  determinants: ['origin'],
  dependent: 'distance',
  severity: 'warn',
} as const;
const SCHEMA: SchemaDefinition = {
  columns: [
    { column: 'distance', required: true, min: 1, max: 5000, severity: 'block' },
    { column: 'origin', required: true, oneOf: ['ATL', 'BOS'], severity: 'info' },
    { column: 'delay', required: true, severity: 'block' },
  ],
  table: [],
  dependencies: [RULE],
  maxQuarantinedShare: 0.1,
  maxBrokenShare: 0.05,
  minRows: 1,
  newColumns: 'report',
  newCategories: 'report',
  newCategoriesOf: {},
};
const INPUTS = { date: 'timestamp', distance: 'integer', origin: 'string' } as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'judge-window-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A week of 300 rows: two routes, scores that rank well, a fifth late on every day. */
function rows(change: (row: WindowRow, index: number) => Partial<WindowRow> = () => ({})): WindowRow[] {
  return Array.from({ length: 300 }, (_, index) => {
    const late = index % 5 === 0;
    const atlanta = index % 2 === 0;
    const at = THURSDAY + Math.floor((index * 7 * DAY_MS) / 300);
    const row: WindowRow = {
      at,
      inputs: { date: at * 1000, distance: atlanta ? 500 : 900, origin: atlanta ? 'ATL' : 'BOS' },
      score: late ? 0.3 : 0.175,
      truth: late ? 1 : 0,
    };
    return { ...row, ...change(row, index) };
  });
}

async function judge(
  served: readonly WindowRow[] | undefined,
  changes: Partial<JudgeWindowInput> = {},
  without: readonly (keyof JudgeWindowInput)[] = []
): Promise<WindowNumbers> {
  const path = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const lines = (all: readonly WindowRow[]) => all.map((row) => `${JSON.stringify(row)}\n`).join('');
  const before = await readWindow(await path('reference.jsonl', lines(rows())), INPUTS, undefined, () => undefined);
  const reference = referenceOf({
    watched: Object.keys(INPUTS),
    table: before.table,
    scores: { kind: 'number', values: before.scores.values },
  });
  const input: JudgeWindowInput = {
    ...(served === undefined ? {} : { rows: await path('rows.jsonl', lines(served)) }),
    reference: await path('reference.json', JSON.stringify(reference)),
    dependencies: await path('dependencies.json', JSON.stringify(learnDependencies(before.table, [RULE]))),
    inputs: INPUTS,
    schema: SCHEMA,
    monitoring: {
      period: { every: '7 days' },
      allowedLateness: { event: '1 hour' },
      truthDelay: { event: '3 days' },
      truthCoverage: 0.95,
      withoutEventTime: 'now',
      minRows: 100,
      bias: { floor: 0.06, confidence: 0.95 },
      drift: { psiFloor: 0.1, falseDiscoveryRate: 0.05 },
    },
    objective: { task: 'binary', decisionThreshold: 0.5 },
    cluster: 'day',
    baseline: { means: [0.2], deviations: [0.4] },
    ...changes,
  };
  const given = Object.fromEntries(
    Object.entries(input).filter(([name]) => !without.includes(name as keyof JudgeWindowInput))
  ) as unknown as JudgeWindowInput;
  return judgeWindowJob(given, { folder, progress: () => undefined, checkpoint: () => undefined });
}

test.each([
  ['row', 'row', 300],
  ['the values of an input', { column: 'origin' }, new Set(rows().map(({ inputs }) => inputs['origin'])).size],
  // Requests don't carry it.
  ['day', { column: 'carrier' }, 7],
] as const)('its intervals are by blocks of the project’s cluster: %s', async (_, cluster, blocks) => {
  const { bias, quality } = await judge(rows(), { cluster });
  const of = cluster === 'row' ? 'row' : cluster.column === 'origin' ? 'origin' : 'day';
  expect(bias).toMatchObject({ verdict: 'none', gap: { blocks, method: `t on ${of} blocks` } });
  expect(quality['logLoss']).toMatchObject({ blocks });
});

test('a window like the reference: no drift, no gap, sound data, and quality beside the baseline', async () => {
  const numbers = await judge(rows());
  expect(numbers).toMatchObject({
    rows: 300,
    truths: 300,
    dataQuality: { verdict: 'passed' },
    bias: { verdict: 'none' },
  });
  expect(numbers.drift.map(({ column }) => column)).toEqual(['date:timeOfDay', 'date:weekday', 'distance', 'origin']);
  expect(numbers.drift.every(({ verdict }) => verdict === 'none')).toBe(true);
  expect(numbers.scoreDrift?.verdict).toBe('none');
  expect(numbers.quality.auc?.estimate).toBe(1);
  expect(numbers.quality.logLossAgainstBaseline?.high).toBeLessThan(0);
});

test('the bias: predictions above the truth by the floor or more', async () => {
  const numbers = await judge(rows((row) => ({ score: (row.score as number) + 0.1 })));
  expect(numbers.bias).toMatchObject({ verdict: 'above' });
  expect(numbers.bias.gap.estimate).toBeCloseTo(0.1, 6);
});

test('kilometres for miles: the dependency breaks and the distance drifts', async () => {
  const numbers = await judge(
    rows((row) => ({ inputs: { ...row.inputs, distance: Math.round(Number(row.inputs.distance) * 1.609) } }))
  );
  expect(numbers.dataQuality.verdict).toBe('failed');
  expect(numbers.dataQuality.rules.find(({ rule }) => rule === RULE.name)).toMatchObject({
    verdict: 'failed',
    checked: 300,
    broken: 300,
    limit: 0.05,
  });
  expect(numbers.drift.find(({ column }) => column === 'distance')?.verdict).toBe('drift');
});

test('rows whose truth is not known count for drift, and not for level and quality', async () => {
  const numbers = await judge(
    rows().map(({ truth, ...row }, index) => (index >= 280 || truth === undefined ? row : { ...row, truth }))
  );
  expect(numbers).toMatchObject({ rows: 300, truths: 280 });
  expect(numbers.bias.meanTruth).toBeCloseTo(56 / 280, 6);
});

test('few rows, or none: insufficient data, and no number that is none', async () => {
  const few = await judge(rows().slice(0, 50));
  expect(few.bias.verdict).toBe('insufficient data');
  expect(few.drift.every(({ verdict }) => verdict === 'insufficient data')).toBe(true);
  const none = await judge(undefined);
  expect(none).toMatchObject({ rows: 0, truths: 0, bias: { verdict: 'insufficient data' }, quality: {}, drift: [] });
  expect(JSON.parse(JSON.stringify(none))).toEqual(none);
});

test('one class only: the AUC is left out, the log loss stays', async () => {
  const numbers = await judge(rows(() => ({ truth: 0 })));
  expect(Object.keys(numbers.quality)).toEqual(['logLoss', 'logLossAgainstBaseline']);
});

test('without an evaluation there is no baseline to compare with', async () => {
  expect(Object.keys((await judge(rows(), {}, ['baseline'])).quality)).toEqual(['auc', 'logLoss']);
});

test('without a reference there is no drift to tell', async () => {
  const numbers = await judge(rows(), {}, ['reference']);
  expect(numbers.drift).toEqual([]);
  expect(numbers.bias.verdict).toBe('none');
});

test('a truth that is neither 0 nor 1 is named, not averaged', async () => {
  await expect(judge(rows((_, index) => (index === 7 ? { truth: 3 } : {})))).rejects.toMatchObject({
    code: 'MLOPS_LABEL_INVALID',
  });
});

test('rules of the schema: missing, ranges, values; columns that are not served are not checked', async () => {
  const path = join(folder, 'rows.jsonl');
  const served = rows((row, index) => ({
    inputs: {
      ...row.inputs,
      ...(index < 10 ? { distance: null } : index < 12 ? { distance: 9000 } : index < 15 ? { distance: 0 } : {}),
      ...(index < 100 ? { origin: 'XXX' } : {}),
    },
  }));
  await writeFile(path, served.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { scores, known } = await readWindow(path, INPUTS, undefined, () => undefined);
  const qualityBy = (schema: SchemaDefinition) =>
    withDatabase({ files: [path] }, (database) =>
      dataQualityOf(database, { relation: windowRelation(path, INPUTS), inputs: INPUTS }, schema, undefined)
    );
  const { verdict, rules } = await qualityBy(SCHEMA);
  expect(rules.map((each) => 'checked' in each && [each.rule, each.broken, each.checked, each.verdict])).toEqual([
    ['distance present', 10, 300, 'passed'],
    ['distance at least 1', 3, 290, 'passed'],
    ['distance at most 5000', 2, 290, 'passed'],
    ['origin present', 0, 300, 'passed'],
    // Only for information: the window passes.
    ['origin one of ATL, BOS', 100, 300, 'failed'],
  ]);
  expect(verdict).toBe('passed');
  expect(metricOf('auc', scores.values, known.labels)).toBe(1);
  expect((await qualityBy({ ...SCHEMA, maxBrokenShare: 0.03 })).verdict).toBe('failed');
});
