import { columnsOfFeatures } from '../../src/domain/definition';
import flights from '../../examples/flights/project';
import { durationMs } from '../../src/domain/durations';
import { periodOf } from '../../src/domain/period';
import { defineProject, type ProjectInput } from '../../src/project/define-project';

describe('the flights example', () => {
  it('is in its normal form', () => {
    expect(defineProject(flights as ProjectInput)).toEqual(flights);
  });

  it('reads no column that tells the answer', () => {
    expect(flights.label.labeler).toEqual({ rule: { column: 'delay', op: '>', value: 15 } });
    expect(new Set(columnsOfFeatures(flights.features))).toEqual(
      new Set(['date', 'distance', 'origin', 'destination'])
    );
  });

  it('has weeks from Thursday to Wednesday', () => {
    const week = { from: '2001-05-03T00:00:00.000Z', to: '2001-05-10T00:00:00.000Z' };
    expect(periodOf(flights.period, '2001-05-06T12:00:00Z')).toEqual(week);
    expect(new Date(week.from).getUTCDay()).toBe(4);
    expect(flights.monitoring.period).toEqual(flights.period);
  });

  it('rolls out over ten days of flights', () => {
    const days = flights.rollout.steps.map((step) => [step.name, step.share, durationMs(step.for) / 86_400_000]);
    expect(days).toEqual([
      ['shadow', 0, 3],
      ['canary', 0.2, 4],
      ['full', 1, 3],
    ]);
  });
});
