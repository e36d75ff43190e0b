/** When records wait for answers. */
import { restMs } from '../../src/replica/ship-rest';

const busy = { tookMs: 80, utilization: 1, filled: 0 };

test('while requests leave no idle time, shipping has half of it', () => {
  expect(restMs(busy)).toBe(80);
});

test('an event loop with idle time ships on: what comes is not more than it can store', () => {
  expect(restMs({ ...busy, utilization: 0.85 })).toBe(0);
});

test('from a quarter of its bytes on, the spool is emptied first', () => {
  expect(restMs({ ...busy, filled: 0.24 })).toBe(80);
  expect(restMs({ ...busy, filled: 0.25 })).toBe(0);
});

test('a slow MongoDB is not waited for twice', () => {
  expect(restMs({ ...busy, tookMs: 3_000 })).toBe(250);
});
