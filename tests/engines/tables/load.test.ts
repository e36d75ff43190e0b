import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ColumnType } from '../../../src/domain/definition';
import type { StringColumn, TableColumns } from '../../../src/engines/tables/columns';
import { countedTarget, type LabelRule, label } from '../../../src/engines/tables/label';
import type { DataShard } from '../../../src/engines/tables/live-rows';
import { type LoadRequest, loadColumns, loadStretches } from '../../../src/engines/tables/load';
import { writeLabels } from '../../../src/engines/tables/write-labels';
import { context, ingestOrders, TYPES, type TestFolder, testFolder, write, writeOrders } from './files';

let folder: TestFolder;
let shards: readonly DataShard[];
beforeEach(async () => {
  folder = testFolder();
  // Row 7 has nothing but its time; amounts go up to 999.
  const gaps = ['amount', 'price', 'city', 'paid'].map((name) => `CASE WHEN i <> 7 THEN ${name} END AS ${name}`);
  await writeOrders(join(folder.path, 'orders.parquet'), `* REPLACE (${gaps.join(', ')})`);
  shards = (await ingestOrders(folder.path, { rowsPerShard: 300 })).data;
});
afterEach(() => folder.remove());

const request = (change: Partial<LoadRequest> = {}): LoadRequest => ({
  shards,
  columns: TYPES,
  where: {},
  eventTime: 'at',
  ...change,
});

const MISSING_TIME = -(2n ** 63n);

describe('columns', () => {
  test('come in their types, with what is missing', async () => {
    const { table, eventTime, places, labels } = await loadColumns(request());
    expect(table.rows).toBe(1_000);
    expect([...numbers(table, 'amount').subarray(5, 9)]).toEqual([5, 6, Number.NaN, 8]);
    expect([...numbers(table, 'price').subarray(6, 9)]).toEqual([3, Number.NaN, 4]);
    expect([...numbers(table, 'paid').subarray(5, 10)]).toEqual([0, 1, Number.NaN, 0, 1]);
    expect(strings(table, 'city')).toMatchObject({ dictionary: ['Bern', 'Oslo', 'Rome', 'Ålesund'] });
    expect([...strings(table, 'city').codes.subarray(4, 9)]).toEqual([1, 0, 3, -1, 1]);
    expect(times(table, 'at')[7]).toBe(1_704_067_200_000_000n + 7n * 864_000_000n);
    expect(eventTime).toEqual(times(table, 'at'));
    expect(places.files).toEqual(['orders.parquet']);
    expect([...places.row.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect(new Set(places.fileIndex)).toEqual(new Set([0]));
    expect(labels).toBeUndefined();
  });

  test('of a timestamp that is missing are −2^63', async () => {
    await writeOrders(join(folder.path, 'orders.parquet'), '*, CASE WHEN i > 0 THEN "at" END AS paid_at');
    const columns: Readonly<Record<string, ColumnType>> = { ...TYPES, paid_at: 'timestamp' };
    const output = await ingestOrders(folder.path, { source: { columns } });
    const { table } = await loadColumns(request({ shards: output.data, columns: { paid_at: 'timestamp' } }));
    expect(times(table, 'paid_at')[0]).toBe(MISSING_TIME);
  });
});

test('shards in a folder that is named like a value say what is in them', async () => {
  const into = join(folder.path, 'city=blue', 'amount=5');
  mkdirSync(into, { recursive: true });
  const { data } = await ingestOrders(folder.path, { into });
  const placed = await loadColumns(request({ shards: data, columns: { city: 'string', amount: 'integer' } }));
  const plain = await loadColumns(request({ columns: { city: 'string', amount: 'integer' } }));
  expect(placed.table).toEqual(plain.table);
});

describe('rows', () => {
  test('are those of a half-open span of event time, known by a moment', async () => {
    const rowsOf = async (where: LoadRequest['where']) => (await loadColumns(request({ where }))).table.rows;
    expect(await rowsOf({ from: '2024-01-02T00:00:00Z', to: '2024-01-04T00:00:00Z' })).toBe(200);
    expect(await rowsOf({ from: '2024-01-02T00:00:00Z' })).toBe(900);
    // Known one hour after the event; the last four events before midnight aren't known by then.
    expect(await rowsOf({ to: '2024-01-04T00:00:00Z', knownBy: '2024-01-04T00:00:00Z' })).toBe(296);
    expect(await rowsOf({ to: '2020-01-01T00:00:00Z' })).toBe(0);
  });

  test('are in total order, in whatever order the shards come', async () => {
    const all = await loadColumns(request());
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const turned = shards.map((_, i) => shards[(i + seed) % shards.length]!);
        expect(await loadColumns(request({ shards: turned }))).toEqual(all);
      }),
      { numRuns: 10 }
    );
  });
});

describe('labels', () => {
  const made = async (rule: LabelRule) => {
    const output = await label({ shards, labeler: { rule }, columns: TYPES }, context(folder.path));
    const both = shards.map((data, i) => ({ ...data, labels: join(folder.path, output.shards[i]!.file) }));
    return { ...output, both };
  };

  test('by a rule stand beside their rows; a missing column has none', async () => {
    const { both, counts, shards: written } = await made({ column: 'amount', op: '>', value: 500 });
    expect(counts).toEqual({ '0': 500, '1': 499, missing: 1 });
    expect(written.reduce((sum, { rows }) => sum + rows, 0)).toBe(1_000);
    const later = request({ shards: both, where: { from: '2024-01-01T01:00:00Z' } });
    const { labels, table, unlabelled } = await loadColumns(later);
    // The row without an amount is left out and counted.
    expect([table.rows, unlabelled]).toEqual([994, 1]);
    const amounts = numbers(table, 'amount');
    expect(amounts[0]).toBe(5);
    amounts.forEach((amount, row) => {
      expect(labels![row]).toBe(Number(amount > 500));
    });
  });

  test.each([
    [{ column: 'city', op: '=', value: "O'slo" }, 0],
    [{ column: 'city', op: '=', value: 'Oslo' }, 250],
    [{ column: 'paid', op: '=', value: 'true' }, 334],
    [{ column: 'price', op: '<=', value: 0.5 }, 2],
    [{ column: 'at', op: '<', value: '2024-01-02T00:00:00Z' }, 100],
  ] as const)('by %j: %d', async (rule, positives) => {
    expect((await made(rule)).counts['1']).toBe(positives);
  });

  test.each([
    [{ column: 'colour', op: '=', value: 1 }, /LABEL_INVALID.*undeclared.*column=colour/],
    [{ column: 'city', op: '>', value: 1 }, /LABEL_INVALID.*column=city, type=string/],
  ] as const)('by %j are refused', async (rule, said) => {
    await expect(made(rule)).rejects.toThrow(said);
  });

  describe('of a column of numbers', () => {
    test('are its values, to the nearest float32; a missing one is no label', async () => {
      const output = await label({ shards, labeler: { column: 'price' }, columns: TYPES }, context(folder.path));
      expect(output.counts).toEqual({ labelled: 999, missing: 1 });
      const both = shards.map((data, i) => ({ ...data, labels: join(folder.path, output.shards[i]!.file) }));
      const { labels, table, unlabelled } = await loadColumns(request({ shards: both }));
      expect([labels!.length, unlabelled]).toEqual([999, 1]);
      expect(labels).toEqual(Float32Array.from(numbers(table, 'price')));
    });

    test.each(["'inf'::DOUBLE", '1e39'])('%s is named by its file and row', async (value) => {
      await writeOrders(
        join(folder.path, 'orders.parquet'),
        `* REPLACE (CASE WHEN i = 3 THEN ${value} ELSE price END AS price)`
      );
      const { data } = await ingestOrders(folder.path, { rowsPerShard: 300 });
      const labelled = label({ shards: data, labeler: { column: 'price' }, columns: TYPES }, context(folder.path));
      await expect(labelled).rejects.toThrow(
        /LABEL_INVALID: A label is not a finite number.*file=orders.parquet, row=3/
      );
    });

    test('that user code gave', async () => {
      const rows = (await loadColumns(request({ shards: [shards[0]!] }))).table.rows;
      const given = Array.from({ length: rows }, (_, row) => (row % 3 === 2 ? null : row / 8 - 1));
      const toFile = { shard: shards[0]!, task: 'number' as const, folder: folder.path, file: 'numbers.parquet' };
      const written = await writeLabels({ ...toFile, labels: given });
      expect(written.counts['labelled']).toBe(given.filter((each) => each !== null).length);
      const wrong = writeLabels({ ...toFile, labels: given.map((each, row) => (row === 5 ? Number.NaN : each)) });
      await expect(wrong).rejects.toThrow(/LABEL_INVALID.*row=5, label=NaN/);
    });
  });

  describe('of classes', () => {
    const kinds = "CASE WHEN i % 10 = 9 THEN NULL WHEN i % 2 = 0 THEN 'cash' ELSE 'it''s a card' END";
    const labeler = { column: 'kind', classes: ["it's a card", 'cash', 'cheque'] };
    const types = { ...TYPES, kind: 'string' } as const;

    test('are the places of their names; a missing one is no label', async () => {
      await writeOrders(join(folder.path, 'orders.parquet'), `*, ${kinds} AS kind`);
      const { data } = await ingestOrders(folder.path, { rowsPerShard: 300, source: { columns: types } });
      const output = await label({ shards: data, labeler, columns: types }, context(folder.path));
      expect(output.counts).toEqual({ "class it's a card": 400, 'class cash': 500, 'class cheque': 0, missing: 100 });
    });

    test('a class that is not declared is named by its file and row', async () => {
      await writeOrders(join(folder.path, 'orders.parquet'), `*, ${kinds} AS kind`);
      const { data } = await ingestOrders(folder.path, { rowsPerShard: 300, source: { columns: types } });
      const other = { ...labeler, classes: ['cash', 'cheque'] };
      await expect(label({ shards: data, labeler: other, columns: types }, context(folder.path))).rejects.toThrow(
        /LABEL_INVALID: A label is not one of the classes cash, cheque.*file=orders.parquet, row=\d+, column=kind, label=it's a card/
      );
    });

    test('that user code gave', async () => {
      const rows = (await loadColumns(request({ shards: [shards[0]!] }))).table.rows;
      const given = Array.from({ length: rows }, (_, row) => ['cash', 'cheque', null][row % 3] as string | null);
      const task = { classes: ['cash', 'cheque'] };
      const toFile = { shard: shards[0]!, task, folder: folder.path, file: 'classes.parquet' };
      const { counts } = await writeLabels({ ...toFile, labels: given });
      expect([counts['class cash'], counts['missing']]).toEqual(
        [0, 2].map((part) => given.filter((_, row) => row % 3 === part).length)
      );
      const wrong = writeLabels({ ...toFile, labels: given.map((each, row) => (row === 5 ? 'coin' : each)) });
      await expect(wrong).rejects.toThrow(/LABEL_INVALID.*one of the classes cash, cheque.*row=5, label=coin/);
    });
  });

  describe('of several labels at once', () => {
    const tags = `CASE i % 10 WHEN 9 THEN NULL WHEN 8 THEN '' WHEN 7 THEN ' , ' WHEN 6 THEN 'far, it''s late' WHEN 5 THEN 'far,far' ELSE 'full' END`;
    const labeler = { column: 'tags', labels: ['far', "it's late", 'full', 'odd'], separator: ',' };
    const types = { ...TYPES, tags: 'string' } as const;
    const tagged = async (expression: string) => {
      await writeOrders(join(folder.path, 'orders.parquet'), `*, ${expression} AS tags`);
      return (await ingestOrders(folder.path, { rowsPerShard: 300, source: { columns: types, missing: [] } })).data;
    };

    test('are sums of powers of two; the empty text lists none, and a missing one is no label', async () => {
      const data = await tagged(tags);
      const output = await label({ shards: data, labeler, columns: types }, context(folder.path));
      expect(output.counts).toEqual({
        'label far': 200,
        "label it's late": 100,
        'label full': 500,
        'label odd': 0,
        'no label': 200,
        missing: 100,
      });
      expect(countedTarget(output.counts)).toEqual({ labels: labeler.labels });
      const shards = data.map((each, i) => ({ ...each, labels: join(folder.path, output.shards[i]!.file) }));
      const { labels, table, unlabelled } = await loadColumns(request({ shards, columns: types }));
      expect(unlabelled).toBe(100);
      const column = table.columns['tags'];
      if (column?.type !== 'string') throw new Error('tags are texts');
      const sums: Readonly<Record<string, number>> = { '': 0, ' , ': 0, "far, it's late": 3, 'far,far': 1, full: 4 };
      expect([...labels!]).toEqual([...column.codes].map((code) => sums[column.dictionary[code]!]));
    });

    test('a name that is not declared is named by its file and row', async () => {
      const data = await tagged(`CASE WHEN i = 3 THEN 'full, Far' ELSE 'far' END`);
      await expect(label({ shards: data, labeler, columns: types }, context(folder.path))).rejects.toThrow(
        /LABEL_INVALID: A label is not a list of any of the labels far, it's late, full, odd.*file=orders.parquet, row=3, column=tags, label=full, Far/
      );
    });

    test('that user code gave', async () => {
      const { rows } = (await loadColumns(request({ shards: [shards[0]!] }))).table;
      const kinds = [[], ['full', 'far'], null] as const;
      const given = Array.from({ length: rows }, (_, row) => kinds[row % 3]!);
      const task = { labels: labeler.labels };
      const toFile = { shard: shards[0]!, task, folder: folder.path, file: 'tags.parquet' };
      const { counts } = await writeLabels({ ...toFile, labels: given });
      const each = [0, 1, 2].map((part) => given.filter((_, row) => row % 3 === part).length);
      expect([counts['no label'], counts['label far'], counts['label full'], counts['missing']]).toEqual([
        each[0],
        each[1],
        each[1],
        each[2],
      ]);
      const wrong = writeLabels({ ...toFile, labels: given.map((own, row) => (row === 5 ? ['far', 'near'] : own)) });
      await expect(wrong).rejects.toThrow(/LABEL_INVALID.*any of the labels far.*row=5, label=far,near/);
    });
  });

  test('that user code gave', async () => {
    const [first, second] = (await ingestOrders(folder.path, { rowsPerShard: 300 })).snapshot.shards;
    const given = Array.from({ length: first!.rows }, (_, row) => [1, 0, null][row % 3] as 0 | 1 | null);
    const toFirst = { shard: shards[0]!, task: 'binary' as const, folder: folder.path };
    const written = await writeLabels({ ...toFirst, labels: given, file: 'given.parquet' });
    const each = [0, 1, 2].map((class_) => given.filter((_, row) => row % 3 === class_).length);
    expect(written.counts).toEqual({ '1': each[0], '0': each[1], missing: each[2] });
    const labelled = { ...shards[0]!, labels: join(folder.path, 'given.parquet') };
    const { labels, unlabelled, places } = await loadColumns(request({ shards: [labelled] }));
    expect([...labels!.subarray(0, 4)]).toEqual([1, 0, 1, 0]);
    expect([...places.row.subarray(0, 4)]).toEqual([0, 1, 3, 4]);
    expect(unlabelled).toBe(each[2]);
    const wrong = Array.from({ length: second!.rows }, (_, row) => (row === 7 ? 2 : 1)) as never;
    const other = writeLabels({ ...toFirst, shard: shards[1]!, labels: wrong, file: 'wrong.parquet' });
    await expect(other).rejects.toThrow(
      new RegExp(`LABEL_INVALID.*file=orders.parquet, row=${first!.rows + 7}, label=2\\]`)
    );
    const few = writeLabels({ ...toFirst, labels: [1], file: 'few.parquet' });
    await expect(few).rejects.toThrow(new RegExp(`LABEL_INVALID.*rows=${first!.rows}, labels=1`));
  });

  test('of other rows are refused', async () => {
    const { both } = await made({ column: 'amount', op: '>', value: 500 });
    const crossed = [{ ...both[0]!, labels: both[1]!.labels }];
    await expect(loadColumns(request({ shards: crossed }))).rejects.toThrow(/ARTIFACT_CORRUPT.*labels of other rows/);
  });
});

test('a damaged or foreign shard is told', async () => {
  const broken = write(folder.path, 'broken.parquet', 'PAR1');
  await expect(loadColumns(request({ shards: [{ data: broken, batch: 0, removed: [] }] }))).rejects.toThrow(
    /ARTIFACT_CORRUPT.*broken/
  );
  await expect(loadColumns(request({ columns: { colour: 'string' } }))).rejects.toThrow(/ARTIFACT_CORRUPT.*colour/);
  await expect(loadColumns(request({ shards: [] }))).rejects.toThrow(/TOO_FEW_ROWS/);
});

function numbers({ columns }: TableColumns, name: string): Float64Array {
  const column = columns[name];
  if (column?.type === 'number') return column.values;
  throw new TypeError(`${name} is no number`);
}

function times({ columns }: TableColumns, name: string): BigInt64Array {
  const column = columns[name];
  if (column?.type === 'timestamp') return column.values;
  throw new TypeError(`${name} is no timestamp`);
}

function strings({ columns }: TableColumns, name: string): StringColumn {
  const column = columns[name];
  if (column?.type === 'string') return column;
  throw new TypeError(`${name} is no string`);
}

test('stretch by stretch come the rows of all, in their order, with their codes', async () => {
  await writeOrders(
    join(folder.path, 'orders.parquet'),
    "* REPLACE (CASE WHEN i % 7 > 0 THEN city || i % 90 END AS city), 'note ' || i % 5 AS note, [i, i / 2.0]::DOUBLE[] AS size",
    10_000
  );
  const columns: Readonly<Record<string, ColumnType>> = { ...TYPES, note: 'text', size: 'vector(2)' };
  const output = await ingestOrders(folder.path, { source: { columns }, rowsPerShard: 3_000 });
  const where = { from: '2024-01-03T00:00:00Z', to: '2024-04-01T00:00:00Z' };
  const some = { ...request({ shards: output.data, columns, where }), eventTime: 'at' };
  const { table, eventTime } = await loadColumns(some);
  for (const mostRows of [2_048, 5_000, 65_536]) {
    let done = 0;
    const sizes: number[] = [];
    await loadStretches(
      some,
      folder.path,
      (stretch) => {
        const to = done + stretch.table.rows;
        expect(stretch.eventTime).toEqual(eventTime!.subarray(done, to));
        for (const [name, column] of Object.entries(table.columns)) {
          const [of, from] = column.type === 'string' ? ['codes', column.codes] : ['values', column.values];
          const width = column.type === 'vector' ? column.width : 1;
          expect(stretch.table.columns[name]).toEqual({
            ...column,
            [of as string]: from.slice(done * width, to * width),
          });
        }
        sizes.push(stretch.table.rows);
        done = to;
      },
      mostRows
    );
    expect(done).toBe(table.rows);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mostRows);
    expect(sizes.length > 1).toBe(mostRows < table.rows);
  }
});

describe('memory', () => {
  const limit = process.env.MLOPS_DATABASE_MEMORY;
  afterEach(() => {
    if (limit === undefined) delete process.env.MLOPS_DATABASE_MEMORY;
    else process.env.MLOPS_DATABASE_MEMORY = limit;
  });

  test('what does not fit goes to the folder, to the same rows; without one the limit is named', async () => {
    await writeOrders(
      join(folder.path, 'orders.parquet'),
      `* REPLACE (timestamp '2024-01-01' + to_seconds(i) AS "at")`,
      1_000_000
    );
    const output = await ingestOrders(folder.path);
    const many = request({ shards: output.data });
    const plenty = await loadColumns(many);
    process.env.MLOPS_DATABASE_MEMORY = '60MB';
    const error: unknown = await loadColumns(many).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'MLOPS_OUT_OF_MEMORY', where: { limit: '60MB' } });
    const spilled = await loadColumns(many, folder.path);
    expect(spilled.table.rows).toBe(plenty.table.rows);
    const bytes = (loaded: typeof plenty) => [loaded.eventTime!, loaded.places.row].map((of) => Buffer.from(of.buffer));
    bytes(spilled).forEach((column, index) => expect(column.equals(bytes(plenty)[index]!)).toBe(true));
  });
});
