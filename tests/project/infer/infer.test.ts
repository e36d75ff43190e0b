/** What `mlops init` makes of figures: names, types, key, time, features, and what it leaves to people. */
import { featureText } from '../../../src/domain/definition';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { MlopsError } from '../../../src/domain/errors';
import { COLUMN_NAME, RESERVED_COLUMNS } from '../../../src/domain/ids';
import type { ColumnFigures, TableFigures, TargetFigures } from '../../../src/engines/tables/look/figures';
import { checkProject } from '../../../src/project/define-project';
import { inferColumns } from '../../../src/project/infer/columns';
import { printDefinition } from '../../../src/project/infer/draft';
import { identifiersOf } from '../../../src/project/infer/identifiers';
import { inferProject, questionOf } from '../../../src/project/infer/infer';

const ROWS = 1000;

function column(name: string, changes: Partial<ColumnFigures> = {}): ColumnFigures {
  return {
    name,
    stored: 'text',
    present: ROWS,
    marks: [],
    distinct: 5,
    integers: 0,
    numbers: 0,
    commaNumbers: 0,
    markedNumbers: 0,
    longNumbers: 0,
    notNumbers: [],
    booleans: 0,
    leadingZeros: 0,
    times: [],
    meanLength: 4,
    withBlanks: 0,
    top: ['a', 'b', 'c', 'd', 'e'].map((value) => ({ value, count: 200 })),
    ...changes,
  };
}

const integers = (name: string, changes: Partial<ColumnFigures> = {}) =>
  column(name, {
    integers: ROWS,
    numbers: ROWS,
    distinct: 300,
    numeric: { min: 0, max: 9, p01: 0, p50: 5, p99: 9, zeros: 100, leastAboveZero: 1 },
    top: [{ value: '1', count: 10 }],
    ...changes,
  });

const time = (name: string, format = 'iso') =>
  column(name, {
    distinct: ROWS,
    times: [
      {
        format,
        read: ROWS,
        min: '2024-01-01T00:00:00.000Z',
        max: '2024-12-31T00:00:00.000Z',
        p80: '2024-10-20T00:00:00.000Z',
        p99: '2024-12-28T00:00:00.000Z',
        step: 'day',
      },
    ],
    top: [{ value: '2024-01-01', count: 1 }],
  });

const table = (columns: readonly ColumnFigures[], changes: Partial<TableFigures> = {}): TableFigures => ({
  rows: ROWS,
  cut: false,
  columns,
  unique: [],
  repeated: 0,
  ...changes,
});

const yesAndNo = (yes: number, no: number) =>
  Object.entries({ no, yes }).flatMap(([value, count]) => (count === 0 ? [] : [{ value, count }]));
const ANSWERS: TargetFigures = { answers: yesAndNo(300, 700), unknown: 0, separates: [], follows: [] };

function infer(figures: TableFigures, target: string, answers = ANSWERS, privacy: readonly string[] = []) {
  const question = questionOf(figures, target, privacy);
  const request = { name: 'p', path: 'data.csv', format: 'csv' as const, figures, target, approvers: ['ana'] };
  return inferProject(request, question, answers);
}

/** Of an expression, as plain objects of this realm. */
const valueOf = (printed: string): unknown => JSON.parse(JSON.stringify(runInNewContext(`(${printed})`)));

const only = (figures: ColumnFigures) => inferColumns([figures], []).columns[0];

test.each([
  ['Temp (°C)', 'Temp_C'],
  ['site-name', 'site_name'],
  ['Größe in m²', 'Grosse_in_m2'],
  ['2nd floor', 'c_2nd_floor'],
  ['', 'column_1'],
  ['   ', 'column_1'],
  ['温度', 'column_1'],
  ['already_fine', 'already_fine'],
  ['probability', 'probability_2'],
])('the header %j becomes an identifier', (header, expected) => {
  const [name] = identifiersOf([header]);
  expect(name).toMatch(COLUMN_NAME);
  expect(name).toBe(expected);
});

test('identifiers are valid and differ, whatever the headers are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { maxLength: 30 }), (headers) => {
      const names = identifiersOf(headers);
      expect(names).toHaveLength(headers.length);
      for (const name of names) expect(name).toMatch(COLUMN_NAME);
      const lower = [...names, ...RESERVED_COLUMNS].map((name) => name.toLowerCase());
      expect(new Set(lower).size).toBe(lower.length);
    })
  );
});

describe('types', () => {
  test.each<[string, Partial<ColumnFigures>, string]>([
    ['whole numbers', { integers: ROWS, numbers: ROWS }, 'integer'],
    ['numbers', { integers: 10, numbers: ROWS }, 'number'],
    ['numbers but for 5 in 1,000', { integers: 10, numbers: ROWS - 5 }, 'number'],
    ['numbers but for a fifth', { integers: 10, numbers: 800 }, 'string'],
    ['long strings of words, seldom the same', { meanLength: 90, withBlanks: 0.9, distinct: 900 }, 'text'],
    ['long strings that come again', { meanLength: 90, withBlanks: 0.9, distinct: 30 }, 'string'],
    ['long strings in one piece, such as addresses', { meanLength: 90, withBlanks: 0, distinct: ROWS }, 'string'],
    ['short strings, seldom the same', { meanLength: 12, withBlanks: 0.9, distinct: ROWS }, 'string'],
    ['arrays of 384 numbers', { vectors: { width: 384, count: ROWS } }, 'vector(384)'],
    ['arrays in a file with types', { stored: 'nested', vectors: { width: 2, count: ROWS - 5 } }, 'vector(2)'],
    ['arrays of several lengths', { vectors: { width: 2, count: 900 } }, 'string'],
    ['codes that begin with 0', { integers: ROWS, numbers: ROWS, leadingZeros: 3 }, 'string'],
    ['decimal commas', { commaNumbers: ROWS, numbers: ROWS }, 'number'],
    ['whole numbers that are too long', { numbers: ROWS, longNumbers: 1 }, 'string'],
    [
      'true and false',
      {
        booleans: ROWS,
        distinct: 2,
        top: [
          { value: 'True', count: 600 },
          { value: 'false', count: 400 },
        ],
      },
      'boolean',
    ],
    [
      'f and t, which are letters',
      {
        booleans: ROWS,
        distinct: 2,
        top: [
          { value: 'f', count: 600 },
          { value: 't', count: 400 },
        ],
      },
      'string',
    ],
    [
      'what the file stores as decimals',
      { stored: 'number', numbers: ROWS, decimal: 'decimal(12,2)' },
      'decimal(12,2)',
    ],
    ['texts', {}, 'string'],
  ])('%s', (_, figures, type) => {
    expect(only(column('x', figures))?.type).toBe(type);
  });

  test('a number is a time only where its name says so', () => {
    const epoch = { ...time('x', 'epoch s'), integers: ROWS, numbers: ROWS };
    expect(only({ ...epoch, name: 'created_at' })).toMatchObject({ type: 'timestamp', format: 'epoch s' });
    expect(only({ ...epoch, name: 'volume' })).toMatchObject({ type: 'integer' });
  });

  test('day and month that the values do not tell apart are left to a person', () => {
    const both = time('when', '%m/%d/%Y');
    const times = [...both.times, { ...both.times[0]!, format: '%d/%m/%Y' }];
    expect(only({ ...both, times })?.decide).toMatch('%d/%m/%Y reads every value, too');
  });

  test('a text that looks like a number is left to a person, without its values where it is personal', () => {
    const some = { numbers: 980, markedNumbers: 980, notNumbers: [{ value: 'k.A.', count: 20 }] };
    expect(only(column('x', some))).toMatchObject({
      type: 'string',
      decide: expect.stringMatching(
        /980 of 1,000 values are numbers, others are 'k\.A\.' \(20 rows\).*missing/
      ) as string,
    });
    expect(inferColumns([column('x', some)], ['x']).columns[0]?.decide).not.toMatch('k.A.');
    expect(only(column('x', { markedNumbers: 990 }))?.decide).toMatch(
      '990 of 1,000 values are digits among other marks'
    );
    expect(only(column('x', { markedNumbers: 800 }))?.decide).toBeUndefined();
  });

  test('times in several formats are left to a person', () => {
    expect(only(column('when', { mixedTimes: ['iso', '%d.%m.%Y'] }))).toMatchObject({
      type: 'string',
      decide: expect.stringContaining("{ type: 'timestamp', format: ['iso', '%d.%m.%Y'] }") as string,
    });
  });

  test('empty and nested columns are left out with the reason', () => {
    const { columns, leftOut } = inferColumns([column('a', { present: 0 }), column('b', { stored: 'nested' })], []);
    expect(columns).toEqual([]);
    expect(leftOut.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('columns of one name are left out, since a definition names columns', () => {
    const { columns, leftOut } = inferColumns([column('note'), integers('n'), column('note'), column('Note')], []);
    expect(columns.map(({ from, name }) => from ?? name)).toEqual(['n', 'Note']);
    expect(leftOut.map(({ name }) => name)).toEqual(['note', 'note']);
  });

  test('marks of a missing value are declared; a word among texts is left to a person', () => {
    const found = inferColumns(
      [
        integers('n', { marks: [{ value: '-', count: 3 }] }),
        column('s', { marks: [{ value: 'None', count: 4 }] }),
        column('t', { marks: [{ value: 'NA', count: 4 }] }),
      ],
      []
    );
    expect(found.missing).toEqual(['', '-', 'NA']);
    expect(found.columns[1]?.decide).toMatch("'None' (4 rows)");
  });
});

describe('the target', () => {
  const figures = table([time('at'), integers('price'), column('weather'), column('city', { distinct: 40 })]);

  test('a condition', () => {
    const { definition } = infer(figures, 'price >= 5');
    expect(definition.label).toEqual({
      name: 'price_from_5',
      labeler: { rule: { column: 'price', op: '>=', value: 5 } },
    });
    expect(infer(figures, "weather = 'a b'").definition.label.labeler).toEqual({
      rule: { column: 'weather', op: '=', value: 'a b' },
    });
  });

  test('a column with two values: the yes is what sounds like one, else the rarer', () => {
    const two = (a: string, b: string) =>
      table([
        time('at'),
        column('y', {
          distinct: 2,
          top: [
            { value: a, count: 700 },
            { value: b, count: 300 },
          ],
        }),
      ]);
    expect(infer(two('yes', 'no'), 'y').definition.label.labeler).toMatchObject({ rule: { value: 'yes' } });
    expect(infer(two('red', 'blue'), 'y').definition.label.labeler).toMatchObject({ rule: { value: 'blue' } });
  });

  test('a column of numbers is predicted as a number', () => {
    const { definition, text, open } = infer(figures, 'price', {
      ...ANSWERS,
      answers: [{ value: 'labelled', count: 990 }],
      unknown: 10,
    });
    expect(definition).toMatchObject({
      objective: { task: 'number' },
      label: { name: 'price', labeler: { column: 'price' } },
      gates: [
        { metric: 'rmse', against: 'baseline' },
        { metric: 'rmse', against: 'champion' },
      ],
    });
    expect(checkProject(definition).mistakes).toEqual([]);
    expect(text).toMatch('p: the number price, asked of');
    expect(text).toMatch('as asked, its number: 990 rows have one; 10 rows without a value are left out');
    expect(open.map(({ path }) => path)).not.toContain('label');
  });

  test('a few whole numbers may be classes: a person decides', () => {
    const few = table([time('at'), integers('digit', { distinct: 10 }), integers('price')]);
    const { open } = infer(few, 'digit', { ...ANSWERS, answers: [{ value: 'labelled', count: ROWS }] });
    expect(open).toContainEqual({ path: 'label', decide: expect.stringMatching("10 whole numbers.*task: 'classes'") });
  });

  test('a text of several values is one of as many classes; a row of another one goes to quarantine', () => {
    const top = ['sun', 'rain', 'fog'].map((value, i) => ({ value, count: 500 - 200 * i }));
    const kinds = table([time('at'), integers('price'), column('kind', { distinct: 3, top })]);
    const { definition, text } = infer(kinds, 'kind', { ...ANSWERS, answers: top });
    expect(definition).toMatchObject({
      objective: { task: 'classes', classes: ['fog', 'rain', 'sun'] },
      label: { name: 'kind', labeler: { column: 'kind' } },
      gates: [
        { metric: 'logLoss', against: 'baseline' },
        { metric: 'logLoss', against: 'champion' },
      ],
    });
    expect(definition.schema?.columns).toContainEqual({
      column: 'kind',
      required: false,
      oneOf: ['fog', 'rain', 'sun'],
      severity: 'block',
    });
    expect(checkProject(definition).mistakes).toEqual([]);
    expect(text).toMatch('p: kind, one of 3 classes, asked of');
    expect(text).toMatch('as asked, which of its values: sun 500, rain 300, fog 100');
  });

  test('more than ten values are classes where each is in enough rows', () => {
    const kinds = Array.from({ length: 60 }, (_, i) => `k${i + 10}`);
    const top = kinds.slice(0, 10).map((value) => ({ value, count: 20 }));
    const many = column('kind', { distinct: 60, top });
    const answers = { ...ANSWERS, answers: kinds.map((value) => ({ value, count: 16 })) };
    const columns = [time('at'), integers('price')];
    const { definition, text } = infer(table([...columns, { ...many, kinds: kinds.toReversed() }]), 'kind', answers);
    expect(definition.objective).toEqual({ task: 'classes', classes: kinds });
    expect(checkProject(definition).mistakes).toEqual([]);
    expect(text).toMatch('k10 16, k11 16, k12 16, k13 16, k14 16, k15 16, k16 16, k17 16, k18 16, k19 16 and 50 more');
    expect(() => infer(table([...columns, many]), 'kind', answers)).toThrow('100 at most');
  });

  test('texts that share few words are read by characters, and by a linear model until rows are many', () => {
    const note = (frequentWords: number) =>
      column('note', { meanLength: 90, withBlanks: 0.9, distinct: 900, top: [], frequentWords });
    const asked = (frequentWords: number, rows: number) =>
      infer(table([time('at'), integers('price'), note(frequentWords)], { rows }), 'price > 5').definition;
    expect(asked(0.39, 2_000).features).toContainEqual({
      ...{ transform: 'hashedNgrams', column: 'note', of: 'characters', lengths: [1, 2], buckets: 1024 },
    });
    expect([asked(0.39, 10_239).model, asked(0.39, 10_240).model]).toEqual([{ linear: {} }, undefined]);
    expect(asked(0.4, 2_000).features).toContainEqual(
      expect.objectContaining({ transform: 'textNgrams', of: 'words' })
    );
    expect(asked(0.4, 2_000).model).toBeUndefined();
    const named = infer(table([integers('price'), note(0.39)], { unique: [[1]] }), 'price > 5').definition;
    expect([named.source.key, named.features]).toEqual([['note'], [expect.objectContaining({ column: 'note' })]]);
  });

  test('few rows get a linear model; more, and what has embeddings, the default', () => {
    const columns = [time('at'), integers('price'), integers('x')];
    const { definition, text } = infer(table(columns), 'price > 5');
    expect(definition.model).toEqual({ linear: {} });
    expect(text).toMatch('1,000 rows are few: a network would fit chance');
    expect(checkProject(definition).mistakes).toEqual([]);
    expect(infer(table(columns, { rows: 2_000 }), 'price > 5').definition.model).toBeUndefined();
    const places = column('place', { distinct: 200, top: [] });
    expect(infer(table([...columns, places]), 'price > 5').definition.model).toBeUndefined();
  });

  test.each([
    ['a column that is not there', 'colour', 'MLOPS_COLUMN_MISSING'],
    ['a text of many values', 'city', 'MLOPS_TARGET_INVALID'],
    ['numbers compared with a text', 'price > much', 'MLOPS_TARGET_INVALID'],
  ])('%s is refused', (_, target, code) => {
    expect(() => infer(figures, target)).toThrow(expect.objectContaining({ code }) as MlopsError);
  });

  test.each([
    ['no value', { present: 0, distinct: 0, top: [] }],
    ['one value', { distinct: 1, top: [{ value: 'a', count: ROWS }] }],
    ['as many values as rows', { distinct: ROWS }],
  ])('a column with %s is refused', (_, changes) => {
    expect(() => infer(table([time('at'), column('y', changes)]), 'y')).toThrow('MLOPS_TARGET_INVALID');
  });

  test('no error shows a value of a personal column', () => {
    const secret = (distinct: number) => [
      time('at'),
      integers('price'),
      column('note', { distinct, top: [{ value: 'eve@x.org', count: 1 }] }),
    ];
    for (const distinct of [1, 5]) {
      const shown = () => infer(table(secret(distinct)), 'note', ANSWERS, ['note']);
      expect(shown).toThrow('MLOPS_TARGET_INVALID');
      expect(shown).not.toThrow('eve@');
    }
  });

  test('a table with nothing to learn from is refused, with what was left out', () => {
    const nothing = table([column('y'), column('name', { distinct: ROWS })]);
    expect(() => infer(nothing, 'y = a')).toThrow(/no column is left.*name \(1,000 values of 4 characters/);
  });

  test('a question that every row answers alike is refused', () => {
    expect(() => infer(figures, 'price > 5', { ...ANSWERS, answers: yesAndNo(0, 700) })).toThrow(
      'it is no for every row'
    );
  });
});

describe('the definition', () => {
  test('passes check, and its text says the same', () => {
    const { definition, text } = infer(
      table([time('at'), integers('price'), column('Odd name'), integers('x')], { unique: [[0]] }),
      'price > 5'
    );
    expect(checkProject(definition).mistakes).toEqual([]);
    const printed = text.slice(text.indexOf('defineProject(') + 'defineProject('.length, text.lastIndexOf(');'));
    expect(valueOf(printed)).toEqual(definition);
  });

  describe('of a table without a time', () => {
    const columns = [integers('price'), column('kind'), integers('size', { distinct: 40 })];

    test('splits by hash of the key, and passes check', () => {
      const { definition } = infer(
        table([...columns, integers('id', { distinct: ROWS })], { unique: [[3]] }),
        'price > 5'
      );
      expect(definition.source).toMatchObject({ key: ['id'] });
      expect(definition.source.eventTime).toBeUndefined();
      expect(definition.split).toMatchObject({ by: 'hash', test: 0.2, minTrainRows: 400, minTestRows: 100 });
      const { definition: checked, mistakes } = checkProject(definition);
      expect(mistakes).toEqual([]);
      expect(checked).toMatchObject({ split: { columns: ['id'] }, cluster: 'row' });
    });

    test('takes all columns as its key where no other names a row, and says what becomes of equal rows', () => {
      const { definition, text, open } = infer(table(columns, { repeated: 146 }), 'price > 5');
      expect(definition.source.key).toEqual(['price', 'kind', 'size']);
      expect(checkProject(definition).mistakes).toEqual([]);
      expect(text).toMatch(/146 rows equal to an earlier one: each counts as that row come again, and as replaced/);
      expect(open).toContainEqual({ path: 'source.key', decide: expect.stringMatching('146 equal rows') });
    });

    const GAPS = {
      present: ROWS - 3,
      distinct: 2,
      marks: [{ value: '', count: 3 }],
      top: ['f', 'm'].map((value, i) => ({ value, count: 500 - 3 * i })),
    };

    test('has no key where one would put rows with gaps into quarantine: the hash is of all columns', () => {
      const { definition, text } = infer(table([...columns, column('sex', GAPS)]), 'price > 5');
      expect(definition.source.key).toBeUndefined();
      expect(definition.split).toMatchObject({ by: 'hash', columns: ['price', 'kind', 'size', 'sex'] });
      expect(checkProject(definition).mistakes).toEqual([]);
      expect(text).toMatch(/a row without a part of its key \(sex\) would go to quarantine/);
    });
  });

  test('a text gets the words that are in it most often, and the definition passes check', () => {
    const mail = column('mail', { meanLength: 90, withBlanks: 0.9, distinct: 900, top: [] });
    const { definition } = infer(table([time('at'), integers('price'), mail]), 'price > 5');
    expect(definition.source.columns['mail']).toBe('text');
    expect(definition.features!.map(featureText)).toEqual(['weekday(at)', 'textNgrams(mail)']);
    expect(checkProject(definition).mistakes).toEqual([]);
  });

  test('features leave out the target, the key and what answers the question alone', () => {
    const figures = table(
      [time('at'), integers('price'), integers('id', { distinct: ROWS }), integers('paid'), column('kind')],
      { unique: [[2]] }
    );
    const answers = { ...ANSWERS, separates: [undefined, undefined, 0.5, 0.999, 0.6] };
    const { definition, open } = infer(figures, 'price > 5', answers);
    expect(definition.features!.map(featureText)).toEqual(['weekday(at)', 'oneHot(kind)']);
    expect(definition.source.key).toEqual(['id']);
    expect(open).toContainEqual(expect.objectContaining({ path: 'features', decide: expect.stringMatching('paid') }));
  });

  describe('a row for each city and month', () => {
    const month = {
      ...time('year_month', '%Y %m').times[0]!,
      min: '2000-01-01T00:00:00.000Z',
      max: '2003-04-01T00:00:00.000Z',
      p80: '2002-09-01T00:00:00.000Z',
      p99: '2003-04-01T00:00:00.000Z',
      step: 'month' as const,
    };
    const figures = table(
      [
        column('city', { distinct: 25 }),
        integers('year'),
        integers('month'),
        integers('sales'),
        integers('volume'),
        integers('serial'),
        column('year_month', { parts: [1, 2], times: [month], distinct: 40 }),
      ],
      { unique: [[0, 6]] }
    );
    const follows = [{}, {}, {}, {}, { target: 0.98, time: 0.1 }, { target: 0.2, time: -0.999 }, {}];
    const { definition, text, open } = infer(figures, 'sales > 5', { ...ANSWERS, follows });

    test('is read with its month in one column, and goes by calendar months and cities', () => {
      expect(checkProject(definition).mistakes).toEqual([]);
      expect(Object.keys(definition.source.columns)).toEqual(['city', 'sales', 'volume', 'serial', 'year_month']);
      expect(definition).toMatchObject({
        source: {
          columns: { year_month: { type: 'timestamp', from: ['year', 'month'], format: '%Y %m' } },
          key: ['city', 'year_month'],
          eventTime: 'year_month',
        },
        period: { every: 'month' },
        cluster: { column: 'city' },
      });
      expect(text).toContain('// left out: year (a part of year_month), month (a part of year_month)');
      expect(text).toContain('(1,000 rows, 6 columns)');
    });

    test('is known when its month is over at the earliest, and asks when it is published', () => {
      expect(definition.source.knownAt).toEqual({ eventTimePlus: { minutes: 31 * 24 * 60 } });
      expect(text).toContain(
        '// each year_month is the first of a month: a row is not known before its month is over, 31 days later at the latest'
      );
      expect(open).toContainEqual({ path: 'source.knownAt', decide: expect.stringMatching(/^when it is published/) });
      const daily = table([column('at', { times: [{ ...month, step: 'day' }], distinct: 40 }), integers('sales')]);
      expect(infer(daily, 'sales > 5').definition.source.knownAt).toBeUndefined();
    });

    test('leaves out what goes with the number that is asked about, or with time, and says so', () => {
      expect(definition.features!.map(featureText)).toEqual([
        'oneHot(city)',
        'year_month_month = datePart(year_month)',
        'cycle(year_month_month)',
      ]);
      expect(text).toMatch(/volume \(it goes with the target's number \(rank correlation 0\.980\)/);
      expect(text).toMatch(/serial \(it goes with time \(rank correlation -0\.999\)/);
      expect(open).toContainEqual({
        path: 'features',
        decide: expect.stringMatching(/^volume: if it is known before/),
      });
    });

    test('a part that is asked about stays a column of its own', () => {
      const { source } = infer(figures, 'month > 6').definition;
      expect(source.columns).toMatchObject({ month: 'integer', year_month: { from: ['year', 'month'] } });
    });
  });

  test('a flag where numbers are missing, and the time of the year where times span two years', () => {
    const long = column('at', {
      times: [{ ...time('at').times[0]!, min: '2022-01-01T00:00:00.000Z' }],
      distinct: ROWS,
    });
    const gaps = (missing: number) => ({ present: ROWS - missing, marks: [{ value: 'NA', count: missing }] });
    const often = integers('often', { ...gaps(170), integers: 830, numbers: 830 });
    const rarely = integers('rarely', { ...gaps(9), integers: 991, numbers: 991 });
    const { definition, text } = infer(
      table([long, integers('price'), often, rarely, column('at_dayOfYear', { distinct: 1 })]),
      'price > 5'
    );
    expect(checkProject(definition).mistakes).toEqual([]);
    expect(definition.features!.map(featureText)).toEqual([
      'weekday(at)',
      'at_dayOfYear_2 = datePart(at)',
      'cycle(at_dayOfYear_2)',
      'standardize(often)',
      'isMissing(often)',
      'standardize(rarely)',
    ]);
    expect(text).toContain('// the times span 3.0 years: where in the year it is');
    expect(text).toContain('// 17 % of often is missing and counts as its mean: this says where');
  });

  test('periods are hours only where times are whole hours, with some rows in each', () => {
    const hourly = (step: 'hour' | 'moment') => {
      const at = column('at', {
        distinct: 40,
        times: [
          {
            ...time('at').times[0]!,
            max: '2024-01-02T16:00:00.000Z',
            p80: '2024-01-02T08:00:00.000Z',
            p99: '2024-01-02T16:00:00.000Z',
            step,
          },
        ],
      });
      return infer(table([at, integers('price'), column('kind')]), 'price > 5').definition.period;
    };
    expect(hourly('hour')).toEqual({ every: 'hour' });
    expect(hourly('moment')).toEqual({ every: 'day' });
  });

  test('a personal column is tagged, and none of its values stands in the text', () => {
    const personal = column('email', {
      top: ['eve@x.org', 'bob@x.org'].map((value) => ({ value, count: 500 })),
      distinct: 2,
    });
    const secret = integers('salary', {
      numeric: { min: 1, max: 77_777, p01: 1, p50: 55_555, p99: 66_666, zeros: 0, leastAboveZero: 1 },
    });
    const { definition, text } = infer(table([time('at'), integers('price'), personal, secret]), 'price > 5', ANSWERS, [
      'salary',
    ]);
    expect(definition.source.columns).toMatchObject({ email: { privacy: true }, salary: { privacy: true } });
    expect(text).not.toMatch(/eve@|bob@|77777|55555|66666/);
  });

  test('what a file says cannot end a comment or a text', () => {
    const columns = { "a'b\\": 'x\u2028y' };
    const text = printDefinition({ name: "it's", columns }, new Map([['name', { why: 'a\nb\u2028c' }]]), ['h']);
    expect(text).toContain('// a b c');
    const printed = text.slice(text.indexOf('(') + 1, text.lastIndexOf(');'));
    expect(valueOf(printed)).toEqual({ name: "it's", columns });
  });
});

test('a vector is read by its components, and where it is missing by a flag', () => {
  const face = column('face', {
    stored: 'nested',
    vectors: { width: 3, count: 900 },
    present: 900,
    marks: [{ value: '', count: 100 }],
    distinct: 900,
  });
  const { definition, text } = infer(table([integers('n'), face]), 'n > 5');
  expect(definition.source.columns).toMatchObject({ face: 'vector(3)' });
  expect(definition.features).toEqual([
    { transform: 'components', column: 'face', scale: 'standardize' },
    { transform: 'isMissing', column: 'face' },
  ]);
  expect(text).toContain('each of its 3 numbers, on one scale');
  expect(checkProject(definition).mistakes).toEqual([]);
});
