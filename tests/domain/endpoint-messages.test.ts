import fc from 'fast-check';
import { readWatch, readWatermark } from '../../src/domain/endpoint-messages';

const WATERMARK = {
  endpoint: 'flights',
  watermark: '2001-05-10T18:20:00.000Z',
  edge: '2001-05-10T00:00:00Z',
  reason: 'covered',
};
const WATCH = { version: 'flights/1', number: 1, since: '2001-02-01T00:00:00Z' };

test('good messages are read as they are, and nothing more of them', () => {
  expect(readWatermark({ ...WATERMARK, extra: 1 })).toEqual({ message: WATERMARK });
  expect(readWatch({ ...WATCH, extra: 1 })).toEqual({ message: WATCH });
});

test.each([
  [undefined, 'watermark takes an object'],
  [null, 'watermark takes an object'],
  ['text', 'watermark takes an object'],
  [{ ...WATERMARK, endpoint: 1 }, 'endpoint: its name'],
  [{ ...WATERMARK, watermark: 'May' }, 'watermark: event time as 2001-02-01T00:00:00Z'],
  [{ ...WATERMARK, edge: 17 }, 'edge: event time as 2001-02-01T00:00:00Z'],
  [{ ...WATERMARK, reason: 'because' }, 'reason: passed, covered or known'],
])('a watermark of %j is refused in words', (value, mistake) => {
  expect(readWatermark(value)).toEqual({ mistake });
});

test.each([
  [undefined, 'watch takes an object'],
  [{ ...WATCH, version: 'v'.repeat(300) }, 'version: the id of a version'],
  [{ ...WATCH, number: 1.5 }, 'number: of the version'],
  [{ ...WATCH, since: 'now' }, 'since: event time as 2001-02-01T00:00:00Z'],
])('a watch of %j is refused in words', (value, mistake) => {
  expect(readWatch(value)).toEqual({ mistake });
});

test('nothing makes them throw', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect('mistake' in readWatermark(value)).toBe(true);
      expect('mistake' in readWatch(value)).toBe(true);
    })
  );
});
