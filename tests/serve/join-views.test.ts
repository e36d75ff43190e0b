import type { ModelInput, ServedView } from '../../src/domain/endpoint';
import { type EntityOfView, joinViews, type ReadViews, type ViewValue } from '../../src/serve/join-views';
import type { InputValue } from '../../src/serve/input-values';
import type { Columns } from '../../src/serve/merged-runs';

const AT = new Date('2001-02-03T04:00:00Z');
const US = AT.getTime() * 1_000;
const HOUR_US = 3_600_000_000;

const ORIGIN: ModelInput = { name: 'origin', datatype: 'BYTES' };
const DELAYS: ServedView = {
  id: 'flights/originDelays/d1',
  name: 'originDelays',
  entity: [ORIGIN],
  gives: ['meanDelay', 'departures'],
  ttlMs: 3 * 3_600_000,
  whenOld: 'missing',
};
const INPUTS: readonly ModelInput[] = [
  { name: 'meanDelay', datatype: 'FP64' },
  { name: 'departures', datatype: 'INT64' },
  { name: 'distance', datatype: 'INT64' },
];

const value = (moment: number): ViewValue => ({ moment, values: { meanDelay: 0.1 + 0.2, departures: 7 } });
const columns = (given: Record<string, readonly InputValue[]>): Columns => new Map(Object.entries(given));

/** Answers by the entity's first part, and keeps what it was asked. */
function reader(values: Readonly<Record<string, ViewValue | 'unreadable'>>) {
  const reads: EntityOfView[][] = [];
  const read: ReadViews = async (asked) => {
    reads.push([...asked]);
    return asked.map(({ entity }) => values[String(entity[0])] ?? 'unknown');
  };
  return { read, reads };
}

const join = (
  given: Record<string, readonly InputValue[]>,
  read: ReadViews,
  view: Partial<ServedView> = {},
  inputs: readonly ModelInput[] = INPUTS
) =>
  joinViews(
    { views: [{ ...DELAYS, ...view }], inputs },
    { columns: columns(given), rows: Object.values(given)[0]!.length },
    AT,
    read
  );

test('what is left out comes from the entity’s value, to the bit, with its moment and age', async () => {
  const { read } = reader({ ORD: value(US - HOUR_US) });
  const joined = await join({ origin: ['ORD'], distance: [500] }, read);
  expect([...joined.columns]).toEqual([
    ['departures', [7]],
    ['distance', [500]],
    ['meanDelay', [0.30000000000000004]],
    ['origin', ['ORD']],
  ]);
  expect(joined.marks).toEqual([
    { originDelays: { gave: DELAYS.gives, moment: '2001-02-03T03:00:00.000Z', ageMs: 3_600_000 } },
  ]);
});

test.each([
  ['a microsecond before the request', -1, undefined],
  ['at the request’s event time', 0, 'later'],
  ['after it', 1, 'later'],
  ['as old as the TTL', -3 * HOUR_US, undefined],
  ['older by a microsecond', -3 * HOUR_US - 1, 'old'],
])('a value of %s', async (_, offset, missing) => {
  const { read } = reader({ ORD: value(US + offset) });
  const joined = await join({ origin: ['ORD'] }, read);
  expect(joined.marks![0]!['originDelays']!.missing).toBe(missing);
  expect(joined.columns.get('departures')).toEqual([missing === undefined ? 7 : null]);
});

test('a column that the caller sends is taken as sent; a view whose columns are all sent is not read', async () => {
  const { read, reads } = reader({ ORD: value(US - 1) });
  const partly = await join({ origin: ['ORD'], meanDelay: [9] }, read);
  expect([partly.columns.get('meanDelay'), partly.columns.get('departures')]).toEqual([[9], [7]]);
  expect(partly.marks![0]!['originDelays']!.gave).toEqual(['departures']);
  const sent = { meanDelay: [9], departures: [null] };
  expect(await join(sent, read)).toEqual({ columns: columns(sent) });
  expect(reads).toHaveLength(1);
});

test('rows of a batch are read at once, and each has marks of its own', async () => {
  const { read, reads } = reader({ ORD: value(US - 1), SFO: value(US - 4 * HOUR_US), JFK: 'unreadable' });
  const joined = await join({ origin: ['ORD', 'SFO', 'JFK', 'XXX', null] }, read);
  expect(reads.map((each) => each.map(({ entity }) => entity[0]))).toEqual([['ORD', 'SFO', 'JFK', 'XXX']]);
  expect(joined.marks!.map((marks) => marks['originDelays']!.missing)).toEqual([
    undefined,
    'old',
    'unreadable',
    'unknown',
    'unknown',
  ]);
  expect(joined.columns.get('departures')).toEqual([7, null, null, null, null]);
});

test('a view that refuses says which row, and why; what can not be read is worth another try', async () => {
  const { read } = reader({ SFO: value(US - 4 * HOUR_US), JFK: 'unreadable', ORD: value(US - 1) });
  const refuse = (...origin: string[]) => join({ origin }, read, { whenOld: 'refuse' });
  await expect(refuse('ORD', 'SFO')).rejects.toMatchObject({ code: 'MLOPS_VIEW_MISSING', where: { row: 1 } });
  await expect(refuse('XXX')).rejects.toMatchObject({ code: 'MLOPS_VIEW_MISSING' });
  await expect(refuse('JFK')).rejects.toMatchObject({ code: 'MLOPS_VIEW_UNREADABLE' });
  expect((await refuse('ORD')).columns.get('departures')).toEqual([7]);
});

test('an input that may not be missing refuses, whatever the view says', async () => {
  const { read } = reader({ ORD: { moment: US - 1, values: { meanDelay: null, departures: 7 } } });
  const needs = (name: string) =>
    INPUTS.map((input) => (input.name === name ? { ...input, required: true as const } : input));
  await expect(join({ origin: ['ORD'] }, read, {}, needs('meanDelay'))).rejects.toMatchObject({
    code: 'MLOPS_VIEW_MISSING',
  });
  expect((await join({ origin: ['ORD'] }, read, {}, needs('departures'))).columns.get('meanDelay')).toEqual([null]);
});

test('without the entity and without the columns the request is invalid, and says what to send', async () => {
  const { read } = reader({});
  await expect(join({ distance: [1] }, read)).rejects.toMatchObject({
    code: 'MLOPS_REQUEST_INVALID',
    where: { input: 'origin' },
    fix: expect.stringContaining('meanDelay, departures') as string,
  });
});
