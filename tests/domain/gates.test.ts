import type { GateDefinition } from '../../src/domain/definition';
import type { Interval } from '../../src/domain/evaluation';
import { gatesPass, judgeGates } from '../../src/domain/gates';
import { UNBOUNDED } from '../../src/domain/intervals';

const interval = (estimate: number): Interval => {
  return { estimate, low: estimate - 1, high: estimate + 1, blocks: 7, confidence: 0.95, method: 't on day blocks' };
};
const alone = { candidate: { auc: interval(0.7) }, againstBaseline: { logLoss: interval(-0.02) } };
const beside = { ...alone, champion: { auc: interval(0.6) }, againstChampion: { auc: interval(0.1) } };
const gate = (change: Partial<GateDefinition>): GateDefinition => {
  return { name: 'g', metric: 'auc', against: 'value', bound: 'estimate', severity: 'blocking', ...change };
};
const outcomeOf = (
  change: Partial<GateDefinition>,
  evaluation: Parameters<typeof judgeGates>[1],
  contaminated = false
) => judgeGates([gate(change)], evaluation, contaminated)[0];

test.each([
  [{ atLeast: 0.7 }, 'passed'],
  [{ atLeast: 0.71 }, 'failed'],
  [{ atMost: 0.69 }, 'failed'],
  [{ atLeast: 0.6, atMost: 0.8 }, 'passed'],
  [{ against: 'baseline', metric: 'logLoss', atMost: 0 }, 'passed'],
  [{ against: 'baseline', metric: 'logLoss', atMost: -0.03 }, 'failed'],
  [{ metric: 'f1', atLeast: 0 }, 'failed: missing metric'],
  [{ against: 'champion', atLeast: 0 }, 'skipped: no champion'],
] as const)('alone: %j is %s', (change, outcome) => {
  expect(outcomeOf(change, alone)?.outcome).toBe(outcome);
});

test('beside a champion the paired difference counts', () => {
  expect(outcomeOf({ against: 'champion', atLeast: 0.05 }, beside)).toEqual({
    gate: 'g',
    severity: 'blocking',
    outcome: 'passed',
    value: 0.1,
    bound: 'auc − champion >= 0.05',
  });
});

test.each([
  [{ bound: 'low', atLeast: -0.31 }, 'passed'],
  [{ bound: 'low', atLeast: 0.7 }, 'failed'],
  [{ bound: 'high', atMost: 1.71 }, 'passed'],
  [{ bound: 'high', atMost: 0.8 }, 'failed'],
] as const)('an end of the interval: %j is %s', (change, outcome) => {
  expect(outcomeOf(change, alone)?.outcome).toBe(outcome);
});

test('an end of the interval is named; where there is none the gate fails', () => {
  const low = { against: 'champion', bound: 'low', atLeast: 0 } as const;
  expect(outcomeOf(low, beside)).toMatchObject({
    outcome: 'failed',
    bound: 'auc − champion, low end of the interval >= 0',
  });
  const without: readonly Interval[] = [
    { ...interval(0.7), low: -UNBOUNDED, high: UNBOUNDED },
    { ...interval(0.7), low: 0.7, high: 0.7, confidence: 0 },
  ];
  for (const auc of without) {
    expect(outcomeOf({ bound: 'low', atMost: 1 }, { candidate: { auc }, againstBaseline: {} })).toEqual({
      gate: 'g',
      severity: 'blocking',
      outcome: 'failed: no interval',
      bound: 'auc, low end of the interval <= 1',
    });
  }
});

test('a contaminated comparison fails, though its number would pass; a comparison with no champion does not', () => {
  expect(outcomeOf({ against: 'champion', atLeast: 0.05 }, beside, true)?.outcome).toBe('failed: contaminated');
  expect(outcomeOf({ atLeast: 0.7 }, beside, true)?.outcome).toBe('passed');
});

test('only a failed blocking gate rejects', () => {
  const results = (changes: readonly Partial<GateDefinition>[]) => judgeGates(changes.map(gate), alone);
  expect(gatesPass(results([{ atLeast: 0.1 }, { against: 'champion', atLeast: 0 }]))).toBe(true);
  expect(gatesPass(results([{ atLeast: 0.9, severity: 'advisory' }]))).toBe(true);
  expect(gatesPass(results([{ atLeast: 0.9 }]))).toBe(false);
  expect(gatesPass(results([{ metric: 'f1', atLeast: 0 }]))).toBe(false);
});

describe('a gate on slices', () => {
  /** Of `estimate` ± half. */
  const around = (estimate: number, half: number): Interval => ({
    ...{ estimate, low: estimate - half, high: estimate + half },
    ...{ blocks: 30, confidence: 0.95, method: 't on day blocks' },
  });
  const slice = (value: string, difference?: Interval) => ({
    ...{ column: 'carrier', value, rows: 500 },
    ...(difference === undefined ? {} : { candidate: {}, againstChampion: { logLoss: difference } }),
  });
  const judged = (change: Partial<GateDefinition>, ...slices: ReturnType<typeof slice>[]) =>
    judgeGates([gate({ metric: 'logLoss', against: 'champion', ...change })], {
      ...beside,
      columnSlices: slices,
    })[0]!;
  const each = { slice: { column: 'carrier' }, bound: 'high', atMost: 0.01 } as const;

  test('names the slice that is nearest to failing', () => {
    const {
      outcome,
      slice: worst,
      bound,
    } = judged(
      { slice: { column: 'carrier' }, atMost: 0.01 },
      slice('AA', around(-0.02, 0.01)),
      slice('UA', around(0.02, 0.01))
    );
    expect([outcome, worst, bound]).toEqual(['failed', 'UA', 'logLoss − champion <= 0.01 on each carrier']);
  });

  test('holds ends of intervals on all of them by Holm: what one slice would pass by itself', () => {
    // The high end is 0.0095: by itself within the bound.
    const close = slice('UA', around(0, 0.0095));
    expect(judged(each, close)).toMatchObject({ outcome: 'passed', slice: 'UA' });
    expect(judged(each, close, slice('AA', around(-0.05, 0.01)))).toMatchObject({ outcome: 'passed' });
    expect(judged(each, close, slice('AA', around(0, 0.0095)))).toMatchObject({ outcome: 'failed' });
    expect(judged(each, slice('UA', around(0, 0.007)), slice('AA', around(0, 0.007))).outcome).toBe('passed');
    expect(judged(each, close).bound).toBe(
      'logLoss − champion, high end of the interval <= 0.01 on each carrier (Holm)'
    );
  });

  test('a slice that is not there, has too few rows or lacks the metric fails', () => {
    expect(judged(each).outcome).toBe('failed: missing slice');
    expect(judged(each, slice('UA')).outcome).toBe('failed: missing slice');
    const one = { ...each, slice: { column: 'carrier', value: 'UA' } };
    expect(judged(one, slice('AA', around(-1, 0.1))).outcome).toBe('failed: missing slice');
    expect(judged(one, slice('UA', around(-1, 0.1)))).toMatchObject({ outcome: 'passed', slice: 'UA' });
    expect(judged({ ...each, metric: 'auc', atMost: 1 }, slice('UA', around(0, 1)))).toMatchObject({
      outcome: 'failed: missing metric',
      slice: 'UA',
    });
    expect(judged(each, slice('UA', { ...around(0, 0), low: -UNBOUNDED, high: UNBOUNDED }))).toMatchObject({
      outcome: 'failed: no interval',
      slice: 'UA',
    });
  });
});
