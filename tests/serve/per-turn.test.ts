import { setImmediate as turnEnd } from 'node:timers/promises';
import { PerTurn } from '../../src/serve/per-turn';

let groups: (readonly number[])[];
let turn: PerTurn<number>;
beforeEach(() => {
  groups = [];
  turn = new PerTurn((all) => groups.push(all));
});

test('what comes alone is done at once, turn after turn', async () => {
  for (const one of [1, 2, 3]) {
    turn.add(one);
    expect(groups.at(-1)).toEqual([one]);
    await turnEnd();
  }
  expect(groups).toEqual([[1], [2], [3]]);
});

test('what comes after another in its turn waits for the end, together and in order', async () => {
  for (const one of [1, 2, 3]) turn.add(one);
  expect(groups).toEqual([[1]]);
  expect(turn.waiting).toBe(2);
  await turnEnd();
  expect(groups).toEqual([[1], [2, 3]]);
  expect(turn.waiting).toBe(0);
});

test('after a turn of several the first waits, too, until a turn brings one', async () => {
  for (const one of [1, 2]) turn.add(one);
  await turnEnd();
  for (const one of [3, 4, 5]) turn.add(one);
  expect(groups).toEqual([[1], [2]]);
  await turnEnd();
  turn.add(6);
  await turnEnd();
  turn.add(7);
  expect(groups).toEqual([[1], [2], [3, 4, 5], [6], [7]]);
});

test('what waits is done before its time when asked, and once', async () => {
  for (const one of [1, 2, 3]) turn.add(one);
  turn.flush();
  expect(groups).toEqual([[1], [2, 3]]);
  await turnEnd();
  turn.flush();
  expect(groups).toEqual([[1], [2, 3]]);
});
