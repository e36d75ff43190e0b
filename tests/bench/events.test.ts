import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { millisecondsPerStep, readEvents, recoveryOf, type StepEvent } from '../../bench/steps/events';

/** Steps from..to, one every `every` seconds; each ends half-way to the next. */
function steps(from: number, to: number, startsAt: number, every = 0.1): StepEvent[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((step, i) => [
    { at: startsAt + i * every, kind: 'start' as const, step },
    { at: startsAt + (i + 0.5) * every, kind: 'end' as const, step },
  ]);
}

describe('the file of events', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-events-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('that is not there yet holds none', () => {
    expect(readEvents(join(folder, 'none'))).toEqual([]);
  });

  test('is read up to its last whole line', async () => {
    const path = join(folder, 'events');
    await writeFile(path, '1700000000.25 start 0\n1700000000.5 end 0\n1700000001.0 sta');
    expect(readEvents(path)).toEqual([
      { at: 1_700_000_000.25, kind: 'start', step: 0 },
      { at: 1_700_000_000.5, kind: 'end', step: 0 },
    ]);
  });
});

test('the time of a step is a ninth of what lies between the first start and the last', () => {
  expect(millisecondsPerStep(steps(0, 9, 1000))).toBeCloseTo(100, 6);
});

test.each([
  ['nine steps', steps(0, 8, 0)],
  ['a step that ran twice', [...steps(0, 4, 0), ...steps(4, 9, 1)]],
  ['steps out of order', [...steps(5, 9, 0), ...steps(0, 4, 1)]],
  ['none', []],
])('%s have no time per step', (_, events) => {
  expect(() => millisecondsPerStep(events)).toThrow('ten steps in order');
});

describe('after a kill in the sixth step', () => {
  const killed: StepEvent[] = [...steps(0, 4, 0), { at: 0.5, kind: 'start', step: 5 }];

  test('a tool that goes on there redoes no finished step', () => {
    const { backSeconds, redone } = recoveryOf(killed, steps(5, 9, 13.5), 11);
    expect(backSeconds).toBeCloseTo(2.5, 6);
    expect(redone).toBe(0);
  });

  test('a tool that begins again redoes the five that had ended', () => {
    expect(recoveryOf(killed, steps(0, 9, 12), 11)).toEqual({ backSeconds: 1, redone: 5 });
  });

  test('a tool that never comes back, or not to the end, has no such time', () => {
    expect(() => recoveryOf(killed, [], 11)).toThrow('nothing ran');
    expect(() => recoveryOf(killed, steps(5, 7, 12), 11)).toThrow('8 of 10 steps ended');
  });
});
