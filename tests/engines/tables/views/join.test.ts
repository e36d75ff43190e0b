/** Point-in-time join: its values against a plain reference, and that nothing else than what was known before can change a bit. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import type { ViewDefinition } from '../../../../src/domain/definition';
import { durationMs } from '../../../../src/domain/durations';
import type { Database } from '../../../../src/engines/tables/duckdb';
import { joinStatement } from '../../../../src/engines/tables/views/join';
import { latestOf, timelineOf } from '../../../../src/engines/tables/views/timeline';
import { joinViews } from '../../../../src/serve/join-views';

/** Microseconds. */
const MINUTE = 60_000_000;

interface Event {
  readonly key: number;
  readonly entity: string | null;
  /** Event time, in minutes. */
  readonly at: number;
  /** Minutes after the event time. */
  readonly knownAfter: number;
  readonly x: number | null;
  readonly n: number | null;
}
interface Row {
  readonly id: number;
  readonly entity: string | null;
  readonly t: number;
}

const COLUMNS = { entity: 'string', at: 'timestamp', x: 'number', n: 'integer' } as const;

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let database: Database;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
  database = {
    run: async (sql) => void (await connection.run(sql)),
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJS(),
    chunks: () => {
      throw new Error('not here');
    },
  };
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const moment = (minutes: number) => `make_timestamp(${BigInt(Math.round(minutes * MINUTE))})`;
const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
const number = (value: number | null) =>
  value === null ? 'NULL' : `'${Object.is(value, -0) ? '-0.0' : value}'::DOUBLE`;

/** One row of the table needs its types. */
async function write(name: string, types: string, rows: readonly string[]): Promise<void> {
  await database.run(`CREATE OR REPLACE TABLE "${name}" (${types})`);
  if (rows.length > 0) await database.run(`INSERT INTO "${name}" VALUES ${rows.join(', ')}`);
}

async function writeHistory(events: readonly Event[]): Promise<void> {
  const rows = events.map(({ key, entity, at, knownAfter, x, n }) => {
    const id = `'00000000-0000-0000-0000-${String(key).padStart(12, '0')}'::UUID`;
    return `(${text(entity)}, ${moment(at)}, ${number(x)}, ${n ?? 'NULL'}, ${id}, ${moment(at + knownAfter)})`;
  });
  await write('history', 'entity VARCHAR, "at" TIMESTAMP, x DOUBLE, n BIGINT, __key UUID, __known_at TIMESTAMP', rows);
}

const view = (changes: Partial<ViewDefinition>): ViewDefinition => ({
  from: 'history',
  entity: ['entity'],
  clock: 'knownAt',
  values: { count: 'count(*)' },
  whenOld: 'missing',
  ...changes,
});

const VALUES = {
  rows: 'count(*)',
  known: 'count(x)',
  different: 'count(DISTINCT n)',
  positive: 'count(*) FILTER (WHERE x > 0)',
  total: 'sum(x)',
  mean: 'avg(x) FILTER (WHERE n > 0)',
  whole: 'sum(n)',
  least: 'min(x)',
  most: 'max(n)',
  middle: 'median(x)',
  newest: 'last(n)',
  oldest: 'first(n * 2)',
} as const;
/** Views of these alone are made without a window where they can be: they take another way. */
const ORDERED = {
  newest: VALUES.newest,
  oldest: VALUES.oldest,
  newestOrNine: 'last(coalesce(n, 9))',
  newestPositive: 'last(n) FILTER (WHERE n > 0)',
} as const;
const NEWEST = { newestOrNine: ORDERED.newestOrNine } as const;
type Values = Readonly<Record<keyof typeof VALUES | keyof typeof ORDERED, number | null>>;

async function joined(
  rows: readonly Row[],
  events: readonly Event[],
  of: ViewDefinition
): Promise<Map<number, Values>> {
  await writeHistory(events);
  await write(
    'rows',
    'id BIGINT, entity VARCHAR, t TIMESTAMP',
    rows.map(({ id, entity, t }) => `(${id}, ${text(entity)}, ${moment(t)})`)
  );
  const statement = await joinStatement(database, {
    table: '"rows"',
    columns: { id: 'integer', entity: 'string', t: 'timestamp' },
    eventTime: 't',
    views: [{ name: 'view', view: of, table: '"history"', columns: COLUMNS, eventTime: 'at' }],
  });
  // As an ingest keeps them: minus zero is zero.
  const casts = Object.keys(of.values).map((name) => `"${name}"::DOUBLE + 0 AS "${name}"`);
  const found = await database.rows(`SELECT id, ${casts.join(', ')} FROM (${statement}) ORDER BY id`);
  return new Map(found.map(({ id, ...values }) => [Number(id), values as Values]));
}

// The reference: read it as the definition of what a view says.
const momentOf = ({ clock }: ViewDefinition, { at, knownAfter }: Event) =>
  clock === 'eventTime' ? at : at + knownAfter;

function expected({ entity, t }: Row, events: readonly Event[], of: ViewDefinition): readonly Event[] | undefined {
  const own = events.filter((event) => event.entity === entity && entity !== null && momentOf(of, event) < t);
  const last = Math.max(...own.map((event) => momentOf(of, event)));
  const minutes = (duration: { readonly event: string } | undefined) =>
    duration === undefined ? Infinity : durationMs(duration) / 60_000;
  if (own.length === 0 || last < t - minutes(of.ttl)) return undefined;
  return own.filter((event) => momentOf(of, event) > last - minutes(of.window));
}

/** A double as a whole number of 2^-1074. */
function exactly(value: number): bigint {
  const [bits] = new BigUint64Array(new Float64Array([value]).buffer) as unknown as [bigint];
  const exponent = (bits >> 52n) & 0x7ffn;
  const mantissa = (bits & ((1n << 52n) - 1n)) | (exponent === 0n ? 0n : 1n << 52n);
  const size = mantissa << (exponent === 0n ? 0n : exponent - 1n);
  return bits >> 63n === 1n ? -size : size;
}

function sumOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sum = values.reduce((all, value) => all + exactly(value), 0n);
  // In two steps, since 2^1074 is above all doubles.
  const kept = 60n;
  const size = sum < 0n ? -sum : sum;
  const shift = BigInt(Math.max(0, size.toString(2).length - Number(kept)));
  return (sum < 0n ? -1 : 1) * Number(size >> shift) * 2 ** (Number(shift) - 1074);
}

const present = (values: readonly (number | null)[]) => values.filter((value) => value !== null);

const nothing = ({ values }: ViewDefinition): Partial<Values> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, null]));

function only({ values }: ViewDefinition, of: Partial<Values>): Partial<Values> {
  return Object.fromEntries(Object.entries(of).filter(([name]) => name in values));
}

/** What has no choice of rounding. */
function exactOf(events: readonly Event[], of: ViewDefinition): Partial<Values> {
  const x = present(events.map((event) => event.x));
  const n = present(events.map((event) => event.n));
  const ordered = [...events].sort((a, b) => momentOf(of, a) - momentOf(of, b) || a.key - b.key);
  const ns = present(ordered.map((event) => event.n));
  return only(of, {
    rows: events.length,
    known: x.length,
    different: new Set(n).size,
    positive: x.filter((value) => value > 0).length,
    whole: n.length === 0 ? null : n.reduce((a, b) => a + b, 0),
    least: x.length === 0 ? null : Math.min(...x.map((value) => value + 0)),
    most: n.length === 0 ? null : Math.max(...n),
    newest: ns.at(-1) ?? null,
    oldest: ns.length === 0 ? null : 2 * ns[0]!,
    newestOrNine: ordered.at(-1)!.n ?? 9,
    newestPositive: ns.filter((n) => n > 0).at(-1) ?? null,
  });
}

/** Of the others those that are further from the exact value than rounding explains: 2^-50 of what is added up. */
function wrong(found: Values, events: readonly Event[]): readonly unknown[] {
  const x = present(events.map((event) => event.x));
  const sorted = [...x].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  const middle = x.length === 0 ? [] : [sorted[Math.floor(half)]!, sorted[Math.ceil(half)]!];
  const averaged = present(events.filter((event) => (event.n ?? 0) > 0).map((event) => event.x));
  const each = [
    ['total', sumOf(x), x],
    ['mean', over(sumOf(averaged), averaged.length), averaged],
    ['middle', over(sumOf(middle), 2), middle],
  ] as const;
  return each.filter(([name, want, values]) => {
    if (!(name in found)) return false;
    const is = found[name];
    if (want === null || is === null) return want !== is;
    const size = values.reduce((all, value) => all + Math.abs(value), 0);
    return !(Math.abs(is - want) <= size * 2 ** -50 + values.length * 2 ** -192);
  });
}

const over = (sum: number | null, by: number) => (sum === null ? null : sum / by);

const entity = fc.constantFrom('a', 'b', 'c', null);
const x = fc.option(
  fc.oneof(
    fc.constantFrom(0, -0, 0.1, -0.1, 1e15, -1e15, 1e-12),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 })
  )
);
const event = fc.record({
  entity,
  at: fc.integer({ min: 0, max: 40 }),
  knownAfter: fc.constantFrom(0, 0, 1, 5, 30),
  x,
  n: fc.option(fc.integer({ min: -3, max: 3 })),
});
/** Minutes are few, so that moments are often the same. */
const events = fc
  .array(event, { maxLength: 60 })
  .map((list): Event[] => list.map((each, at) => ({ ...each, key: (at * 7919) % 10_007 })));
const rows = fc
  .array(fc.record({ entity, t: fc.integer({ min: 0, max: 80 }) }), { minLength: 1, maxLength: 25 })
  .map((list): Row[] => list.map((each, id) => ({ ...each, id })));
const anyView = fc
  .record({
    clock: fc.constantFrom('knownAt' as const, 'eventTime' as const),
    window: fc.constantFrom(undefined, '1 minute', '5 minutes', '20 minutes'),
    ttl: fc.constantFrom(undefined, '1 minute', '5 minutes', '1 hour'),
    values: fc.constantFrom<Readonly<Record<string, string>>>(VALUES, VALUES, ORDERED, NEWEST),
  })
  .map(({ clock, window, ttl, values }) =>
    view({
      clock,
      values,
      ...(window === undefined ? {} : { window: { event: window } }),
      ...(ttl === undefined ? {} : { ttl: { event: ttl } }),
    })
  );

test('any history gives the values of the reference', async () => {
  await fc.assert(
    fc.asyncProperty(events, rows, anyView, async (history, own, of) => {
      const found = await joined(own, history, of);
      expect(found.size).toBe(own.length);
      for (const row of own) {
        const values = found.get(row.id)!;
        const counted = expected(row, history, of);
        expect(values).toMatchObject(counted === undefined ? nothing(of) : exactOf(counted, of));
        expect(wrong(values, counted ?? [])).toEqual([]);
      }
    }),
    { numRuns: 90 }
  );
});

test('no bit of a value depends on what comes at its moment or later, on other entities, on order or on threads', async () => {
  await fc.assert(
    fc.asyncProperty(events, rows, anyView, fc.integer({ min: 1, max: 60 }), async (history, own, of, turn) => {
      const found = await joined(own, history, of);
      const shuffled = [
        ...history.slice(turn % (history.length + 1)),
        ...history.slice(0, turn % (history.length + 1)),
      ];
      await database.run(`SET threads = ${1 + (turn % 4)}`);
      expect(await joined([...own].reverse(), shuffled.reverse(), of)).toEqual(found);
      await database.run('SET threads = 1');
      const row = own[turn % own.length]!;
      const before = history.filter((each) => each.entity === row.entity && momentOf(of, each) < row.t);
      expect((await joined([row], before, of)).get(row.id)).toEqual(found.get(row.id));
    }),
    { numRuns: 40 }
  );
});

test('the last value of each entity is what a row just after its moment is joined with', async () => {
  await fc.assert(
    fc.asyncProperty(events, anyView, async (history, of) => {
      await writeHistory(history);
      const types = Object.fromEntries(Object.keys(of.values).map((name) => [name, 'number' as const]));
      const timeline = await timelineOf(database, {
        name: 'view',
        view: of,
        table: '"history"',
        columns: COLUMNS,
        eventTime: 'at',
      });
      const latest = await database.rows(
        `SELECT *, epoch_us(__moment) AS us FROM ${latestOf(timeline, of, types)} ORDER BY entity`
      );
      const own = latest.map((each, id) => ({
        id,
        entity: each['entity'] as string,
        t: Number(each['us']) / MINUTE + 0.5,
      }));
      const found = await joined(own, history, of);
      latest.forEach((each, id) => expect(each).toMatchObject(found.get(id)!));
      const named = new Set(history.map((each) => each.entity).filter((name) => name !== null));
      expect(latest.map((each) => each['entity'])).toEqual([...named].sort());
    }),
    { numRuns: 60 }
  );
});

test.each([
  ['at one moment', 0],
  ['one after another', 1],
])('sums and means of doubles %s are exact, in whatever order the rows lie', async (_, apart) => {
  // Added up one by one, each 1 is lost beside 1e16, or not, as the order has it.
  const xs = Array.from({ length: 999 }, (__, at) => [1e16, 1, -1e16][at % 3]!);
  const history = xs.map((value, key): Event => ({ key, entity: 'a', at: key * apart, knownAfter: 0, x: value, n: 1 }));
  const of = view({ values: { total: 'sum(x)', mean: 'avg(x)' } });
  const row = { id: 0, entity: 'a', t: 1000 };
  const turned = [...history.slice(500).reverse(), ...history.slice(0, 500)];
  const exact = { total: 333, mean: 333 / 999 };
  expect((await joined([row], history, of)).get(0)).toEqual(exact);
  expect((await joined([row], turned, of)).get(0)).toEqual(exact);
});

test('a sum over what is infinite or not a number is missing, and only there', async () => {
  const history = [1, Infinity, NaN].map(
    (value, at): Event => ({ key: at, entity: 'a', at, knownAfter: 0, x: value, n: 1 })
  );
  const of = view({ window: { event: '1 minute' }, values: { total: 'sum(x)' } });
  const own = [1, 2, 3].map((t) => ({ id: t, entity: 'a', t: t - 0.5 }));
  expect([...(await joined(own, history, of)).values()]).toEqual([{ total: 1 }, { total: null }, { total: null }]);
});

test.each([
  [{ newest: 'last(x)' }],
  [{ newest: 'last(x)', greatest: 'max(x)', median: 'median(x)', middle: 'quantile_cont(x, 0.5)' }],
])('a value that is infinite or not a number is missing, joined and stored alike: %j', async (values) => {
  const history = [1, Infinity, NaN].map(
    (value, at): Event => ({ key: at, entity: 'a', at, knownAfter: 0, x: value, n: 1 })
  );
  const of = view({ window: { event: '1 minute' }, values });
  const all = (value: number | null) => Object.fromEntries(Object.keys(values).map((name) => [name, value]));
  const own = [1, 2, 3].map((t) => ({ id: t, entity: 'a', t: t - 0.5 }));
  expect([...(await joined(own, history, of)).values()]).toEqual([all(1), all(null), all(null)]);
  const table = { name: 'view', view: of, table: '"history"', columns: COLUMNS, eventTime: 'at' };
  const types = Object.fromEntries(Object.keys(values).map((name) => [name, 'number' as const]));
  const [latest] = await database.rows(`SELECT * FROM ${latestOf(await timelineOf(database, table), of, types)}`);
  expect(latest).toMatchObject(all(null));
});

test('a value that is minus zero is stored as zero, as an ingest of joined rows keeps it', async () => {
  await writeHistory([{ key: 1, entity: 'a', at: 0, knownAfter: 0, x: 0, n: 1 }]);
  const of = view({ values: { turned: 'last(-x)' } });
  const table = { name: 'view', view: of, table: '"history"', columns: COLUMNS, eventTime: 'at' };
  const [latest] = await database.rows(
    `SELECT turned FROM ${latestOf(await timelineOf(database, table), of, { turned: 'number' })}`
  );
  expect(latest).toEqual({ turned: 0 });
});

test('views of other entities are joined side by side, each by its own columns', async () => {
  await write('rows', 'id BIGINT, a VARCHAR, b BIGINT, t TIMESTAMP', [
    `(0, 'x', 1, ${moment(9)})`,
    `(1, 'x', NULL, ${moment(9)})`,
    `(2, NULL, 2, ${moment(9)})`,
    `(3, 'y', 2, ${moment(9)})`,
  ]);
  const key = (at: number) => `'00000000-0000-0000-0000-00000000000${at}'::UUID`;
  const history = [`('x', 1, 10, 1)`, `('x', 2, 20, 2)`, `('y', 2, 30, 3)`, `('z', 2, 40, 4)`];
  await write(
    'history',
    'a VARCHAR, b BIGINT, n BIGINT, __key UUID, __known_at TIMESTAMP',
    history.map((row, at) => row.replace(/(\d+)\)$/, (_, minute) => `${key(at)}, ${moment(Number(minute))})`))
  );
  const by = (entity: readonly string[], name: string) => ({
    ...{ name, table: '"history"', columns: { a: 'string', b: 'integer', n: 'integer' } as const },
    view: view({ entity, values: { [name]: 'last(n)' } }),
  });
  const statement = await joinStatement(database, {
    table: '"rows"',
    columns: { id: 'integer', a: 'string', b: 'integer', t: 'timestamp' },
    eventTime: 't',
    views: [by(['a'], 'ofA'), by(['b'], 'ofB'), by(['a', 'b'], 'ofBoth')],
  });
  const found = await database.rows(
    `SELECT "ofA"::INTEGER AS a, "ofB"::INTEGER AS b, "ofBoth"::INTEGER AS both FROM (${statement}) ORDER BY id`
  );
  expect(found.map(({ a, b, both }) => [a, b, both])).toEqual([
    [20, 10, 10],
    [20, null, null],
    [null, 40, null],
    [30, 40, 30],
  ]);
});

test('asked at any later time, with nothing new since, the newest value is what a row of that time is joined with', async () => {
  const asked = fc.array(fc.integer({ min: 1, max: 90 * 60_000 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(events, anyView, asked, async (history, of, laters) => {
      await writeHistory(history);
      const table = { name: 'view', view: of, table: '"history"', columns: COLUMNS, eventTime: 'at' };
      const types = Object.fromEntries(Object.keys(of.values).map((name) => [name, 'number' as const]));
      const latest = await database.rows(
        `SELECT *, epoch_us(__moment) AS us FROM ${latestOf(await timelineOf(database, table), of, types)}`
      );
      // Whole milliseconds, as an endpoint counts time; beyond the window and the ttl, too.
      const own = latest.flatMap(({ entity: name, us }) =>
        laters.map((later) => ({ entity: name as string, t: (Number(us) / 1_000 + later) / (MINUTE / 1_000) }))
      );
      const rowsOf = own.map((each, id) => ({ ...each, id }));
      const found = await joined(rowsOf, history, of);
      for (const { id, entity: name, t } of rowsOf) {
        const { us, __moment: _, entity: __, ...values } = latest.find((each) => each['entity'] === name)!;
        const stored = { moment: Number(us), values: values as Record<string, number | null> };
        const names = Object.keys(of.values);
        const ttlMs = of.ttl === undefined ? {} : { ttlMs: durationMs(of.ttl) };
        const served = await joinViews(
          {
            inputs: [],
            views: [
              {
                ...{ id: 'view', name: 'view', whenOld: 'missing', gives: names, ...ttlMs },
                entity: [{ name: 'entity', datatype: 'BYTES' }],
              },
            ],
          },
          { columns: new Map([['entity', [name]]]), rows: 1 },
          new Date(Math.round(t * (MINUTE / 1_000))),
          () => Promise.resolve([stored])
        );
        const given = Object.fromEntries(names.map((each) => [each, served.columns.get(each)![0]]));
        expect(given).toEqual(found.get(id));
      }
    }),
    { numRuns: 30 }
  );
});
