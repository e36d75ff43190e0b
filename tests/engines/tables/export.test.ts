/** What is exported reads back as the same rows: their digests are equal, whatever texts and numbers they hold. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { columnTypes, type SourceDefinition } from '../../../src/domain/definition';
import { type Exported, type ExportFormat, exportRows, type ToExport } from '../../../src/engines/tables/export';
import { label } from '../../../src/engines/tables/label';
import { digestOfFile } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles } from '../../support/ingested';
import { ANYTHING, columnsOf, context, sql, type TestFolder, testFolder } from './files';

const SOURCE: SourceDefinition = {
  name: 'events',
  reader: { file: { path: 'events', format: 'jsonl' } },
  missing: [],
  columns: columnsOf({
    at: 'timestamp',
    id: 'integer',
    value: 'number',
    good: 'boolean',
    name: 'string',
    city: 'string',
  }),
  key: ['id'],
  eventTime: 'at',
  knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
};
const SCHEMA = { ...ANYTHING, maxQuarantinedShare: 0, minRows: 1 };

interface Row {
  readonly at: string;
  readonly id: number;
  readonly value: number | null;
  readonly good: boolean | null;
  readonly name: string | null;
  readonly city: string | null;
}

let folder: TestFolder;
let runs = 0;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

function own(): string {
  const path = join(folder.path, `${(runs += 1)}`);
  mkdirSync(path);
  return path;
}

async function taken(
  file: string,
  format: 'jsonl' | ExportFormat,
  source: Partial<SourceDefinition> = {},
  parent?: Ingested
) {
  const files = [{ path: file, local: file, digest: await digestOfFile(file), bytes: 1 }];
  const all =
    parent === undefined ? files : [...parent.snapshot.files.map((each) => ({ ...each, local: each.path })), ...files];
  const input = {
    format,
    schema: SCHEMA,
    asOf: '9999-12-31T00:00:00Z',
    source: { ...SOURCE, ...source },
    parent,
  } as const;
  return ingestFiles({ ...input, files: all }, context(own()));
}

async function rowsTaken(rows: readonly Row[], parent?: Ingested): Promise<Ingested> {
  const file = join(own(), 'events.jsonl');
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  return taken(file, 'jsonl', {}, parent);
}

async function exported({ data }: Pick<Ingested, 'data'>, format: ExportFormat, more: Partial<ToExport> = {}) {
  const into = own();
  const file = join(into, `out.${format}`);
  const columns = columnTypes(SOURCE);
  const made = await exportRows({
    shards: data,
    columns,
    eventTime: 'at',
    keys: false,
    format,
    file,
    folder: into,
    ...more,
  });
  return { ...made, file };
}

/** With the lines of the definition that `mlops export` prints. */
async function readBack(
  { file, missing }: Exported & { readonly file: string },
  format: ExportFormat
): Promise<Ingested> {
  return taken(file, format, { missing: missing === null ? [] : [missing] });
}

const digests = ({ snapshot }: Ingested) => snapshot.shards.map(({ rowsDigest }) => rowsDigest);

const row = (id: number, more: Partial<Row> = {}): Row => ({
  ...{ at: new Date(Date.UTC(2024, 0, 1 + (id % 5))).toISOString(), id, value: id / 3 },
  ...{ good: id % 2 === 0, name: `name ${id}`, city: null },
  ...more,
});

describe.each(['csv', 'parquet'] as const)('%s', (format) => {
  test('a missing value, an empty text and texts that look like missing ones stay what they are', async () => {
    const names = [
      null,
      '',
      ' ',
      'NA',
      'NULL',
      'null',
      '\\N',
      '"',
      '""',
      'a,b',
      'two\nlines',
      'a\r\nb',
      "it's",
      '-',
      '?',
    ];
    const read = await rowsTaken(names.map((name, id) => row(id, { name, value: id % 3 === 0 ? null : id })));
    const made = await exported(read, format);
    expect(made.missing).toBe(format === 'csv' ? '<missing>' : null);
    expect(digests(await readBack(made, format))).toEqual(digests(read));
  });

  test('any rows', async () => {
    const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }).filter((each) => !each.includes('\0')));
    const some = fc.record({
      at: fc
        .date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
        .map((d) => d.toISOString()),
      value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      good: fc.option(fc.boolean()),
      name: text,
      city: text,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 20 }), async (rows) => {
        const read = await rowsTaken(rows.map((each, id) => ({ ...each, id })));
        expect(digests(await readBack(await exported(read, format), format))).toEqual(digests(read));
      }),
      { numRuns: 15 }
    );
  });

  test('whole numbers of 64 bits and microseconds', async () => {
    const file = join(own(), 'big.jsonl');
    const lines = ['9223372036854775807', '-9223372036854775808', '9007199254740993'];
    writeFileSync(
      file,
      lines
        .map(
          (id, i) =>
            `{"at":"2024-01-01T00:00:00.00000${i}Z","id":${id},"value":1e-300,"good":null,"name":"x","city":null}`
        )
        .join('\n')
    );
    const read = await taken(file, 'jsonl');
    expect(digests(await readBack(await exported(read, format), format))).toEqual(digests(read));
  });

  test('labels as a text of the names of those that hold, empty where none does', async () => {
    const names = ['late', '', 'late, far', 'far', null, 'NA'];
    const read = await rowsTaken(names.map((name, id) => row(id, { name })));
    const labels = ['late', 'far', 'NA'];
    const into = own();
    const labeler = { column: 'name', labels, separator: ',' };
    const made = await label({ shards: read.data, labeler, columns: columnTypes(SOURCE) }, context(into));
    const data = read.data.map((each, i) => ({ ...each, labels: join(into, made.shards[i]!.file) }));
    const { file, missing } = await exported({ data }, format, { target: { labels } });
    expect(missing).toBe(format === 'csv' ? 'NULL' : null);
    const from = format === 'csv' ? `read_csv('${file}', all_varchar = true, nullstr = '${missing}')` : `'${file}'`;
    const found = await sql(`SELECT __label FROM ${from} ORDER BY id::INTEGER`);
    expect(found.map((each) => each['__label'])).toEqual(['late', '', 'late;far', 'far', null, 'NA']);
  });

  test('in the order of event time and key, and the same bytes each time', async () => {
    const read = await rowsTaken([row(4), row(3), row(9), row(0), row(5)]);
    const [first, second] = [
      await exported(read, format, { keys: true }),
      await exported(read, format, { keys: true }),
    ];
    expect(first.digest).toBe(second.digest);
    const from = format === 'csv' ? `read_csv('${first.file}', all_varchar = true)` : `'${first.file}'`;
    const rows = await sql(`SELECT id::INTEGER AS id, "at"::VARCHAR AS at, __key::VARCHAR AS key FROM ${from}`);
    const sorted = rows.toSorted((a, b) =>
      `${a['at'] as string} ${a['key'] as string}` < `${b['at'] as string} ${b['key'] as string}` ? -1 : 1
    );
    expect(rows).toEqual(sorted);
    expect(rows).toHaveLength(5);
  });

  test('only rows that are in the snapshot', async () => {
    const first = await rowsTaken([row(1), row(2)]);
    const second = await rowsTaken([row(2, { value: 99 }), row(3)], first);
    expect(second.snapshot.removed).toHaveLength(1);
    const made = await exported(second, format);
    expect(made.rows).toBe(3);
    const back = await readBack(made, format);
    const whole = await rowsTaken([row(1), row(2, { value: 99 }), row(3)]);
    expect(digests(back)).toEqual(digests(whole));
  });
});
