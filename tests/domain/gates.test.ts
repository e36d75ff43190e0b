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
