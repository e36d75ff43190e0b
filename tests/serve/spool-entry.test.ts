/** A line of the spool, and the records that it stands for. */
import type { PredictionRecord, ViewMarks } from '../../src/domain/endpoint';
import { type Answered, decodeEntry, type PredictionEntry, encodeAnswered } from '../../src/serve/spool-entry';

const at = new Date('2001-02-03T04:05:06.789Z');
const shared = { version: 3, route: 'champion', revision: 7, eventTime: at, replica: 'r1', receivedAt: at } as const;
const inMs = { ...shared, eventTime: at.getTime(), receivedAt: at.getTime() };
const given = { gave: ['wind'], moment: '2001-02-03T04:00:00.000Z', ageMs: 306_789 };

const answered = (more: Partial<Answered> = {}): Answered => ({
  request: 'many',
  given: true,
  shared: inMs,
  columns: new Map([
    ['distance', [500, null, 3]],
    ['origin', ['ATL', 'Zürich', null]],
  ]),
  scoresJson: JSON.stringify([0.1, Math.fround(0.2), 1]),
  decisions: [0, 0, 1],
  ...more,
});

const record = (row: number, more: Partial<PredictionRecord> = {}): PredictionRecord => ({
  _id: `many/${row}`,
  v: 1,
  ...shared,
  inputs: { distance: [500, null, 3][row]!, origin: ['ATL', 'Zürich', null][row]! },
  score: [0.1, Math.fround(0.2), 1][row]!,
  decision: row === 2 ? 1 : 0,
  ...more,
});

test('each row is a record of its own, with what all of the request have in common', () => {
  expect(decodeEntry(encodeAnswered(answered()))).toStrictEqual({
    request: 'many',
    given: true,
    predictions: [record(0), record(1), record(2)],
  });
});

test('what single rows have is of those rows alone', () => {
  const views: ViewMarks[] = [{ weather: given }, {}, { weather: given }];
  const shadow = { version: 4, scores: [0.4, 0.5, 0.6] };
  expect(decodeEntry(encodeAnswered(answered({ views, shadow, control: ['many/1'] })))).toStrictEqual({
    request: 'many',
    given: true,
    predictions: [
      record(0, { views: views[0]!, shadow: { version: 4, score: 0.4 } }),
      record(1, { views: {}, shadow: { version: 4, score: 0.5 }, control: true }),
      record(2, { views: views[2]!, shadow: { version: 4, score: 0.6 } }),
    ],
    control: ['many/1'],
  });
});

test('a request without an event time, and one of the load that keeps an endpoint busy, say so', () => {
  const { eventTime: _, ...untimed } = shared;
  const untimedMs = { ...untimed, receivedAt: at.getTime() };
  const one = { request: 'one', columns: new Map([['distance', [5]]]), scoresJson: '[0.5]', decisions: [1] as const };
  const line = encodeAnswered(answered({ ...one, shared: { ...untimedMs, withoutEventTime: true, synthetic: true } }));
  const [found] = (decodeEntry(line) as PredictionEntry).predictions;
  expect(found).toStrictEqual({
    _id: 'one',
    v: 1,
    ...untimed,
    withoutEventTime: true,
    synthetic: true,
    inputs: { distance: 5 },
    score: 0.5,
    decision: 1,
  });
});

test('a line that is none is undefined', () => {
  expect(decodeEntry('not json')).toBeUndefined();
});
