import fc from 'fast-check';
import { featureText, type ProjectDefinition } from '../../src/domain/definition';
import type { MlopsError } from '../../src/domain/errors';
import { checkProject, defineProject, type ProjectInput } from '../../src/project/define-project';
import { digestOf } from '../../src/runtime/digest';
import { CHURN } from './churn';
import { PLAIN_NETWORK } from '../support/plain-network';

type Json = { [key: string]: Json } & Json[];

/** The definition with one change made to a copy of it. */
function changed(change: (project: Json) => unknown): unknown {
  const project = structuredClone(CHURN) as unknown as Json;
  change(project);
  return project;
}

/** What is predicted is one of these, the text of this column. */
function classes(project: Json, names: readonly string[], column = 'visits'): void {
  project['objective'] = { task: 'classes', classes: names } as never;
  project['label']!['labeler'] = { column } as never;
}

/** `path: problem` of every mistake. */
function mistakesIn(input: unknown): string[] {
  return checkProject(input).mistakes.map(({ path, problem }) => `${path}: ${problem}`);
}

describe('what is easily mistyped', () => {
  it('gets a suggestion', () => {
    const found = mistakesIn(
      changed((p) => (p['label']!['labeler'] = { rule: { column: 'spend', op: '==', value: 1 } } as never))
    );
    expect(found).toEqual(['label.labeler.rule.op: must be >, >=, <, <= or =, is "==". Did you mean =?']);
  });

  it.each([
    ['source.columns', (p: Json) => Object.defineProperty(p['source']!['columns'], '__proto__', OWN)],
    ['approval.roles', (p: Json) => Object.defineProperty((p['approval']!['roles'] = {} as Json), '__proto__', OWN)],
  ])('a name __proto__ in %s is refused, not dropped', (path, change) => {
    expect(mistakesIn(changed(change))).toContain(`${path}.__proto__: is not allowed as a name`);
  });

  it('a name in decomposed letters is the same name', () => {
    const { definition } = checkProject(changed((p) => (p['approval']!['approvers'] = ['Zoe\u0308'] as never)));
    expect(definition?.approval.approvers).toEqual(['Zoë']);
  });

  it('approvers have names in any script', () => {
    expect(mistakesIn(changed((p) => (p['approval']!['approvers'] = ['Zoë Müller', '王小明'] as never)))).toEqual([]);
  });
});

const OWN = { value: 'integer', enumerable: true, configurable: true, writable: true };

const CSV = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  encoding: 'utf-8',
  decimal: '.',
  header: true,
  skip: 0,
  trim: false,
} as const;

describe('defaults', () => {
  it('make a complete definition of little', () => {
    expect(defineProject(CHURN)).toEqual({
      v: 1,
      name: 'churn',
      source: {
        name: 'churn',
        reader: { file: { path: 'data/customers.csv', format: 'csv', csv: CSV } },
        missing: [''],
        columns: {
          at: { type: 'timestamp' },
          landed: { type: 'timestamp' },
          plan: { type: 'string' },
          spend: { type: 'number' },
          visits: { type: 'integer' },
          left: { type: 'boolean' },
        },
        eventTime: 'at',
        knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
      },
      sources: {},
      views: {},
      schema: {
        columns: [],
        table: [],
        dependencies: [],
        maxQuarantinedShare: 0.01,
        maxBrokenShare: 0.05,
        minRows: 1,
        newColumns: 'report',
        newCategories: 'report',
        newCategoriesOf: {},
      },
      label: { name: 'churned', version: 1, labeler: CHURN.label.labeler },
      features: [
        { transform: 'standardize', column: 'spend' },
        { transform: 'oneHot', column: 'plan', minCount: 10 },
      ],
      model: {
        network: {
          ...PLAIN_NETWORK,
          hidden: [64, 64],
          batch: 512,
          learningRate: 0.001,
          epochs: 20,
          maxRowsSeen: 20_000_000,
          seed: 1,
        },
      },
      period: { every: 'week' },
      split: { by: 'time', testPeriods: 1, validationPeriods: 0, minTrainRows: 1000, minTestRows: 200 },
      cluster: 'day',
      objective: { task: 'binary', decisionThreshold: 0.5 },
      metrics: [],
      slices: [],
      gates: [
        {
          name: 'log-loss-against-baseline',
          metric: 'logLoss',
          against: 'baseline',
          atMost: 0,
          bound: 'estimate',
          severity: 'blocking',
        },
        {
          name: 'log-loss-against-champion',
          metric: 'logLoss',
          against: 'champion',
          atMost: 0,
          bound: 'estimate',
          severity: 'blocking',
        },
      ],
      approval: {
        approversNeeded: 1,
        rejectsNeeded: 1,
        approvers: ['ana'],
        roles: {},
        allowSelfApproval: false,
        deadline: { wall: '14 days' },
        validFor: { wall: '30 days' },
        reminders: [{ wall: '3 days' }],
      },
      rollout: {
        steps: [
          { name: 'canary', share: 0.2, shadow: false, for: { event: '1 day' } },
          { name: 'full', share: 1, shadow: false, for: { event: '1 day' } },
        ],
        minReplicas: 1,
        replicasWithin: { wall: '60 seconds' },
      },
      monitoring: {
        period: { every: 'week' },
        allowedLateness: { event: '1 hour' },
        truthDelay: { event: '7 days' },
        truthCoverage: 0.95,
        withoutEventTime: 'now',
        minRows: 200,
        bias: { floor: 0.05, confidence: 0.95 },
        drift: { psiFloor: 0.1, falseDiscoveryRate: 0.05 },
      },
      triggers: [],
      notifiers: [{ log: true }],
      retryFor: { wall: '24 hours' },
      heartbeatWithin: { wall: '4 seconds' },
    } satisfies ProjectDefinition);
  });

  it('follow from what was written', () => {
    const definition = defineProject({
      ...CHURN,
      period: { every: 'day' },
      schema: { dependencies: [{ determinants: ['plan', 'visits'], dependent: 'spend' }] },
      approval: { approvers: ['ana'], deadline: { wall: '2 days' } },
      rollout: {
        steps: [
          { shadow: true, for: { event: '1 day' } },
          { share: 0.125, for: { event: '1 day' } },
          { share: 1, for: { event: '1 day' } },
        ],
      },
      triggers: [{ on: 'bias', breaches: 2 }],
      gates: [{ metric: 'auc', atLeast: 0.6 }],
    });
    expect(definition.schema.dependencies[0]).toMatchObject({ name: 'spend_by_plan_visits', severity: 'warn' });
    expect(definition.approval.reminders).toEqual([]);
    expect(definition.rollout.steps.map(({ name, share }) => [name, share])).toEqual([
      ['shadow', 0],
      ['canary-12-5', 0.125],
      ['full', 1],
    ]);
    expect(definition.monitoring.period).toEqual({ every: 'day' });
    expect(definition.triggers).toEqual([{ on: 'bias', breaches: 2, outOf: 2, coolDown: { event: '2 days' } }]);
    expect(definition.gates).toEqual([
      { name: 'auc', metric: 'auc', against: 'value', atLeast: 0.6, bound: 'estimate', severity: 'blocking' },
    ]);
  });

  it('of a source without an event time are windows by count, of twice the rows that a verdict needs; none comes late', () => {
    const { eventTime: _, ...source } = CHURN.source;
    const { monitoring, cluster } = defineProject({
      ...CHURN,
      source: { ...source, key: ['visits'] },
      monitoring: { minRows: 50 },
    });
    expect([monitoring.period, cluster]).toEqual([{ rows: 100 }, 'row']);
    expect(monitoring.allowedLateness).toEqual({ event: '0 seconds' });
  });

  it('of windows by count are a cool-down of two of them', () => {
    const { monitoring, triggers } = defineProject({
      ...CHURN,
      monitoring: { period: { rows: 1_000 } },
      triggers: [{ on: 'drift' }],
    });
    expect(monitoring.period).toEqual({ rows: 1_000 });
    expect(triggers).toEqual([{ on: 'drift', breaches: 1, outOf: 1, coolDown: { windows: 2 } }]);
  });

  it.each([
    ['flights.parquet', 'parquet'],
    ['a.b/rows.NDJSON', 'jsonl'],
    ['rows.jsonl', 'jsonl'],
    ['in/*.csv.gz', 'csv'],
    ['in/**/*.jsonl.gz', 'jsonl'],
  ])('read the format of %s from its ending', (path, format) => {
    const definition = defineProject({ ...CHURN, source: { ...CHURN.source, reader: { file: { path } } } });
    expect(definition.source.reader).toEqual({ file: { path, format, ...(format === 'csv' ? { csv: CSV } : {}) } });
  });
});

describe('types', () => {
  it('of a file behind a connection are those of a file here', () => {
    const reader = { http: { connection: 'lab', path: 'day/a.csv.gz?city=oslo', csv: { delimiter: ';' } } };
    expect(defineProject({ ...CHURN, source: { ...CHURN.source, reader } }).source.reader).toEqual({
      http: {
        connection: 'lab',
        path: ['day/a.csv.gz?city=oslo'],
        format: 'csv',
        csv: { ...CSV, delimiter: ';' },
      },
    });
  });

  it('of a column and of how its file is written are the usual ones', () => {
    const { source } = defineProject({
      ...CHURN,
      source: {
        ...CHURN.source,
        reader: { file: { path: 'a.csv', csv: { delimiter: ';', quote: "'", decimal: ',', encoding: 'latin1' } } },
        missing: ['', 'NA'],
        key: ['plan'],
        columns: {
          ...CHURN.source.columns,
          at: { type: 'timestamp', from: 'Time (local)', format: '%d.%m.%Y', zone: 'Europe/Oslo' },
          plan: { type: 'string', privacy: true },
          spend: 'number',
        },
      },
    });
    expect(source.reader).toMatchObject({
      file: { csv: { ...CSV, delimiter: ';', quote: "'", escape: "'", decimal: ',', encoding: 'windows-1252' } },
    });
    expect(source).toMatchObject({ missing: ['', 'NA'], key: ['plan'] });
    expect(source.columns['at']).toEqual({
      type: 'timestamp',
      from: 'Time (local)',
      format: ['%d.%m.%Y'],
      zone: 'Europe/Oslo',
    });
    expect(source.columns['plan']).toEqual({ type: 'string', privacy: true });
  });

  it('know the columns of the source, and take the normal form', () => {
    const definition: ProjectDefinition = defineProject(CHURN);
    const again: ProjectInput = definition;
    expect(defineProject(again)).toEqual(definition);
    const named = defineProject({
      ...CHURN,
      features: [
        { transform: 'log', column: 'spend', as: 'spending' },
        { transform: 'standardize', column: 'spending' },
      ],
    });
    expect(named.features.map(featureText)).toEqual(['spending = log(spend)', 'standardize(spending)']);
    const wrong = () =>
      defineProject({
        ...CHURN,
        // @ts-expect-error no such column
        features: [{ transform: 'standardize', column: 'spent' }],
      });
    expect(wrong).toThrow('Did you mean spend?');
  });
});

const OVER_EXTRA = { sql: { from: ['extra'], statement: 'FROM extra' } };

describe('a mistake', () => {
  it.each<[string, (project: Json) => unknown, string]>([
    // shape
    ['a missing section', (p) => delete (p as { label?: unknown }).label, 'label: is missing; it must be an object'],
    ['a typo in a field', (p) => (p['gate'] = [] as never), 'gate: there is no such field. Did you mean gates?'],
    [
      'a typo deep down',
      (p) => (p['gates'] = [{ metric: 'auc', atleast: 0.6 }] as never),
      'gates[0].atleast: there is no such field. Did you mean atLeast?',
    ],
    [
      'a foreign field',
      (p) => (p['label']!['owner'] = 'x' as never),
      'label.owner: there is no such field. Fields are name, version, labeler.',
    ],
    ['a wrong type', (p) => (p['label']!['version'] = '1' as never), 'label.version: must be a number, is "1"'],
    ['half a version', (p) => (p['label']!['version'] = 1.5 as never), 'label.version: must be a whole number, is 1.5'],
    [
      'a project name',
      (p) => (p['name'] = 'Churn!' as never),
      'name: must be lower-case letters, digits and -, starting with a letter, at most 48, is "Churn!"',
    ],
    [
      'no feature for a learner of ours',
      (p) => delete (p as { features?: unknown }).features,
      'features: is missing, and a network learns from features alone; only a registered trainer takes columns as they are',
    ],
    [
      'no feature for one of a study’s models',
      (p) => {
        p['features'] = [] as never;
        const of = { oneOf: [{ trainer: { registered: 'ours' } }, { trees: {} }] };
        p['model'] = { study: { of } } as never;
        p['split'] = { validationPeriods: 1 } as never;
      },
      'features: is missing, and an ensemble of trees learns from features alone; only a registered trainer takes columns as they are',
    ],
    ['a function', (p) => (p['name'] = (() => 1) as never), 'name: must be a text, is a function'],
    [
      'a function in params',
      (p) => (p['notifiers'] = [{ registered: 'chat', params: { deep: [() => 1] } }] as never),
      'notifiers[0].params.deep[0]: is not JSON: a function',
    ],
    [
      'a date in params',
      (p) => (p['notifiers'] = [{ registered: 'chat', params: { at: new Date(0) } }] as never),
      'notifiers[0].params.at: is not JSON: [object Date]',
    ],
    // source
    [
      'a column without a type',
      (p) => (p['source']!['columns']!['spend'] = { from: 'Spend (€)' } as never),
      'source.columns.spend.type: is missing; it must be string, text, integer, number, boolean, timestamp, decimal(12,2) or vector(384)',
    ],
    [
      'a number of several columns',
      (p) => (p['source']!['columns']!['spend'] = { type: 'number', from: ['a', 'b'] } as never),
      'source.columns.spend.from: names several columns, as a timestamp may; spend is number',
    ],
    [
      'one column as several',
      (p) => (p['source']!['columns']!['at'] = { type: 'timestamp', from: ['a'] } as never),
      'source.columns.at.from: must have at least 2 entries, is a list',
    ],
    [
      'a format that is none',
      (p) => (p['source']!['columns']!['at'] = { type: 'timestamp', format: 'DD.MM.YYYY' } as never),
      'source.columns.at.format[0]: must be iso, epoch s, epoch ms, epoch us, excel or a pattern such as \'%d.%m.%Y %H:%M\', is "DD.MM.YYYY"',
    ],
    [
      'a pattern that is none',
      (p) => (p['source']!['columns']!['at'] = { type: 'timestamp', format: ['iso', '%Q'] } as never),
      'source.columns.at.format[1]: must be iso, epoch s, epoch ms, epoch us, excel or a pattern such as \'%d.%m.%Y %H:%M\', is "%Q"',
    ],
    [
      'an event time that is private',
      (p) => (p['source']!['columns']!['at'] = { type: 'timestamp', privacy: true } as never),
      "source.columns.at.privacy: can't be: records of snapshots say which times they hold",
    ],
    [
      'a zone that is none',
      (p) => (p['source']!['columns']!['at'] = { type: 'timestamp', zone: 'Mars/Base' } as never),
      'source.columns.at.zone: must be a zone such as Europe/Oslo, is "Mars/Base"',
    ],
    [
      'a format of a text',
      (p) => (p['source']!['columns']!['plan'] = { type: 'string', format: '%d.%m.%Y' } as never),
      'source.columns.plan.format: is of timestamps only; plan is string',
    ],
    [
      'a key that is not there',
      (p) => (p['source']!['key'] = ['plann'] as never),
      'source.key[0]: source.columns has no column plann. Did you mean plan?',
    ],
    [
      'a key that is there twice',
      (p) => (p['source']!['key'] = ['at', 'plan', 'plan'] as never),
      'source.key[2]: plan is there twice; give each its own',
    ],
    [
      'an encoding that is none',
      (p) => (p['source']!['reader']!['file']!['csv'] = { encoding: 'utf-9' } as never),
      'source.reader.file.csv.encoding: must be an encoding such as utf-8, utf-16le or windows-1252, is "utf-9"',
    ],
    [
      'an address instead of a path',
      (p) => (p['source']!['reader'] = { http: { connection: 'lab', path: 'https://x/a.csv' } } as never),
      "source.reader.http.path[0]: must be relative to the connection's address",
    ],
    [
      'a path that climbs',
      (p) => (p['source']!['reader'] = { http: { connection: 'lab', path: ['a.csv', 'b/%2e%2E/c.csv'] } } as never),
      'source.reader.http.path[1]: must not climb, and hold no blank, backslash or #',
    ],
    [
      'paths of two formats',
      (p) => (p['source']!['reader'] = { http: { connection: 'lab', path: ['a.csv', 'b.parquet'] } } as never),
      'source.reader.http.format: is missing, and the paths do not end in one of .parquet, .csv, .jsonl, .ndjson or .json, each with .gz or without',
    ],
    [
      'a bucket with an address',
      (p) => (p['source']!['reader'] = { s3: { connection: 'a', bucket: 's3://b', path: 'a.csv' } } as never),
      'source.reader.s3.bucket: must be a bucket: 3 to 63 small letters, digits, dots and hyphens, is "s3://b"',
    ],
    [
      'a key that climbs',
      (p) => (p['source']!['reader'] = { s3: { connection: 'a', bucket: 'bbb', path: 'a/../b.csv' } } as never),
      'source.reader.s3.path: must be a key without empty parts, . and ..',
    ],
    [
      'code in a filter',
      (p) =>
        (p['source']!['reader'] = {
          mongodb: { connection: 'a', database: 'b', collection: 'c', filter: { $or: [{ $where: 'x' }] } },
        } as never),
      'source.reader.mongodb.filter: must not hold $where, $function or $accumulator',
    ],
    [
      'a secret beside the connection',
      (p) => (p['source']!['reader'] = { http: { connection: 'lab', path: 'a.csv', token: 'x' } } as never),
      'source.reader.http.token: there is no such field. Fields are connection, path, format, csv.',
    ],
    [
      'a delimiter of JSON',
      (p) => (p['source']!['reader'] = { file: { path: 'a.jsonl', csv: {} } } as never),
      'source.reader.file.csv: is of CSV files only',
    ],
    [
      'an unknown column type',
      (p) => (p['source']!['columns']!['spend'] = 'numbr' as never),
      'source.columns.spend: must be string, text, integer, number, boolean, timestamp, decimal(12,2) or vector(384), is "numbr". Did you mean number?',
    ],
    [
      'a column name',
      (p) => (p['source']!['columns']!['a b'] = 'string' as never),
      'source.columns["a b"]: must be letters, digits and _, starting with a letter, at most 63, is "a b"',
    ],
    [
      'columns that SQL takes for one',
      (p) => (p['source']!['columns']!['Plan'] = 'string' as never),
      'source.columns.Plan: differs from plan in upper and lower case only',
    ],
    [
      'an event time that is none',
      (p) => (p['source']!['eventTime'] = 'plan' as never),
      'source.eventTime: the event time must be a column of type timestamp; plan is string',
    ],
    [
      'an event time that is not there',
      (p) => (p['source']!['eventTime'] = 'att' as never),
      'source.eventTime: source.columns has no column att. Did you mean at?',
    ],
    [
      'two ways to know',
      (p) => (p['source']!['knownAt'] = { column: 'landed', eventTimePlus: { minutes: 1 } } as never),
      'source.knownAt: must have one field of column or eventTimePlus; it has column and eventTimePlus',
    ],
    [
      'minutes per text',
      (p) => (p['source']!['knownAt'] = { eventTimePlus: { minutesPer: { plan: 1 } } } as never),
      'source.knownAt.eventTimePlus.minutesPer.plan: what minutes are counted by must be a column of type integer, number or decimal; plan is string',
    ],
    [
      'no reader',
      (p) => (p['source']!['reader'] = {} as never),
      'source.reader: must have one field of file, http, s3, mongodb, predictions, sql, join or registered; it is an object',
    ],
    [
      'a format that nobody knows',
      (p) => (p['source']!['reader']!['file']!['path'] = 'a.xls' as never),
      'source.reader.file.format: is missing, and the path does not end in .parquet, .csv, .jsonl, .ndjson or .json, each with .gz or without',
    ],
    [
      'a quote that is the delimiter',
      (p) => (p['source']!['reader']!['file']!['csv'] = { delimiter: "'", quote: "'" } as never),
      'source.reader.file.csv.quote: is a part of the delimiter',
    ],
    [
      'an address',
      (p) => (p['source']!['reader']!['file']!['path'] = 's3://b/a.csv' as never),
      'source.reader.file.path: must be a file, not an address; what is elsewhere is read by a connection (reader.http)',
    ],
    // schema
    [
      'a rule of no column',
      (p) => (p['schema'] = { columns: [{ column: 'spent' }] } as never),
      'schema.columns[0].column: source.columns has no column spent. Did you mean spend?',
    ],
    [
      'a least text',
      (p) => (p['schema'] = { columns: [{ column: 'plan', min: 1 }] } as never),
      'schema.columns[0].min: is of numbers and timestamps only; plan is string',
    ],
    [
      'an empty range',
      (p) => (p['schema'] = { columns: [{ column: 'spend', min: 2, max: 1 }] } as never),
      'schema.columns[0].min: is 2, above max, which is 1',
    ],
    [
      'a rule that says nothing',
      (p) => (p['schema'] = { columns: [{ column: 'spend', required: false }] } as never),
      'schema.columns[0]: says nothing: it is not required, and asks nothing of a value',
    ],
    [
      'a pattern that looks ahead',
      (p) => (p['schema'] = { columns: [{ column: 'plan', pattern: 'a(?=b)' }] } as never),
      "schema.columns[0].pattern: looks ahead or behind at character 2, which RE2 can't do",
    ],
    [
      'a pattern that refers to a group',
      (p) => (p['schema'] = { columns: [{ column: 'plan', notPattern: '(a)\\1' }] } as never),
      "schema.columns[0].notPattern: refers to a group at character 4, which RE2 can't do",
    ],
    [
      'a pattern that is not closed',
      (p) => (p['schema'] = { columns: [{ column: 'plan', pattern: '(a' }] } as never),
      'schema.columns[0].pattern: is not a regular expression: /(a/: Unterminated group',
    ],
    [
      'a pattern of a number',
      (p) => (p['schema'] = { columns: [{ column: 'spend', pattern: 'a' }] } as never),
      'schema.columns[0].pattern: is of texts only; spend is number',
    ],
    [
      'a value of another type',
      (p) => (p['schema'] = { columns: [{ column: 'spend', oneOf: ['a'] }] } as never),
      'schema.columns[0].oneOf[0]: can\'t be a value of spend, which is number: "a"',
    ],
    [
      'a mean of a text',
      (p) => (p['schema'] = { table: [{ measure: 'mean', column: 'plan', min: 1 }] } as never),
      'schema.table[0].column: a column that has a mean must be a column of type integer, number or decimal; plan is string',
    ],
    [
      'a figure without bounds',
      (p) => (p['schema'] = { table: [{ measure: 'rows' }] } as never),
      'schema.table[0]: says nothing: it has no min and no max',
    ],
    [
      'uniqueness of an unknown column',
      (p) => (p['schema'] = { table: [{ unique: ['spent'] }] } as never),
      'schema.table[0].unique[0]: source.columns has no column spent. Did you mean spend?',
    ],
    [
      'freshness by the wrong clock',
      (p) => (p['schema'] = { table: [{ fresh: { wall: '1 day' } }] } as never),
      "schema.table[0].fresh: is by the event clock (the world's time, as the data say), not by wall; write { event: '7 days' }",
    ],
    [
      'a circle',
      (p) => (p['schema'] = { dependencies: [{ determinants: ['plan'], dependent: 'plan' }] } as never),
      'schema.dependencies[0].dependent: is one of its own determinants',
    ],
    [
      'more than all',
      (p) => (p['schema'] = { maxBrokenShare: 1.2 } as never),
      'schema.maxBrokenShare: must be at most 1, is 1.2',
    ],
    // label
    [
      'a text where a number is compared',
      (p) => (p['label']!['labeler'] = { rule: { column: 'spend', op: '>', value: '15' } } as never),
      'label.labeler.rule.value: must be a number, as spend is number; is "15"',
    ],
    [
      'a boolean that is more',
      (p) => (p['label']!['labeler']!['rule']!['op'] = '>' as never),
      'label.labeler.rule.op: must be =, as left is boolean; is >',
    ],
    [
      'a time without its zone',
      (p) => (p['label']!['labeler'] = { rule: { column: 'at', op: '>', value: '2001-02-01T00:00' } } as never),
      'label.labeler.rule.value: must be a time such as \'2001-02-01T00:00:00Z\', as at is timestamp; is "2001-02-01T00:00"',
    ],
    [
      'a label rule with a day that there is not',
      (p) => (p['label']!['labeler'] = { rule: { column: 'at', op: '>', value: '2024-02-30' } } as never),
      'label.labeler.rule.value: must be a time such as \'2001-02-01T00:00:00Z\', as at is timestamp; is "2024-02-30"',
    ],
    // features
    [
      'leakage of the label',
      (p) => (p['features']![0] = { transform: 'oneHot', column: 'left' } as never),
      'features[0].column: left is what the label is made of: the model would read the answer',
    ],
    [
      'leakage of what is known later',
      (p) => {
        p['source']!['knownAt'] = { column: 'landed' } as never;
        p['features']![0] = { transform: 'weekday', column: 'landed' } as never;
      },
      'features[0].column: landed is not known before the row is: at serving time there is no such value',
    ],
    [
      'a transform of another type',
      (p) => (p['features']![0] = { transform: 'embedding', column: 'spend' } as never),
      'features[0].column: what embedding reads must be a column of type string; spend is number',
    ],
    [
      'a text as a category',
      (p) => {
        p['source']!['columns']!['plan'] = 'text' as never;
        p['features']![0] = { transform: 'oneHot', column: 'plan' } as never;
      },
      'features[0].column: what oneHot reads must be a column of type string, integer, number, decimal or boolean; plan is text',
    ],
    [
      'an embedding of a text',
      (p) => {
        p['source']!['columns']!['plan'] = 'text' as never;
        p['features']![0] = { transform: 'embedding', column: 'plan' } as never;
      },
      'features[0].column: what embedding reads must be a column of type string; plan is text',
    ],
    [
      'an embedding for trees',
      (p) => {
        p['model'] = { trees: {} } as never;
        p['features']![0] = { transform: 'embedding', column: 'plan' } as never;
      },
      'features[0]: is an embedding, which only a network trains; for trees use targetMean, ordinal or oneHot',
    ],
    [
      'an embedding for a linear model',
      (p) => {
        p['model'] = { linear: {} } as never;
        p['features']![0] = { transform: 'embedding', column: 'plan' } as never;
      },
      'features[0]: is an embedding, which only a network trains; for a linear model use oneHot, crosses or targetMean',
    ],
    [
      'counts where outcomes are asked for',
      (p) => (p['model'] = { linear: { poisson: true } } as never),
      'model.linear.poisson: is of the task number, and the objective is binary; leave it out',
    ],
    [
      'trees beyond the limits',
      (p) => (p['model'] = { trees: { depth: 13 } } as never),
      'model.trees.depth: must be at most 12, is 13',
    ],
    [
      'a text with an order',
      (p) => {
        p['source']!['columns']!['plan'] = 'text' as never;
        p['features']![0] = { transform: 'ordinal', column: 'plan', order: ['a', 'b'] } as never;
      },
      'features[0].column: what ordinal reads must be a column of type string; plan is text',
    ],
    [
      'texts as clusters',
      (p) => {
        p['source']!['columns']!['plan'] = 'text' as never;
        p['cluster'] = { column: 'plan' } as never;
      },
      'cluster.column: a cluster must be a column of type string, integer, number, decimal, boolean or timestamp; plan is text',
    ],
    [
      'a transform that there is not',
      (p) => (p['features']![1] = { transform: 'onehot', column: 'plan' } as never),
      'features[1].transform: must be timeOfDayBuckets, timeOfDayCycles, weekday, standardize, logStandardize, robust, minMax, power, log, clip, impute, isMissing, quantileBuckets, arithmetic, datePart, cycle, holiday, ordinal, cross, hashing, targetMean, oneHot, textNgrams, hashedNgrams, components or embedding, is "onehot". Did you mean oneHot?',
    ],
    [
      'a text where two numbers are read',
      (p) => (p['features']![0] = { transform: 'arithmetic', columns: ['spend', 'plan'], op: 'ratio' } as never),
      'features[0].columns[1]: what arithmetic reads must be a column of type integer, number or decimal; plan is string',
    ],
    [
      'a sum of times',
      (p) => (p['features']![0] = { transform: 'arithmetic', columns: ['at', 'at'], op: 'sum' } as never),
      'features[0].columns[0]: what arithmetic reads must be a column of type integer, number or decimal; at is timestamp',
    ],
    [
      'hours between a time and a number',
      (p) => (p['features']![0] = { transform: 'arithmetic', columns: ['at', 'spend'], op: 'difference' } as never),
      'features[0].columns[1]: what arithmetic reads must be a column of type timestamp; spend is number',
    ],
    [
      'the answer as one of two numbers',
      (p) => (p['features']![0] = { transform: 'arithmetic', columns: ['spend', 'left'], op: 'sum' } as never),
      'features[0].columns[1]: left is what the label is made of: the model would read the answer',
    ],
    [
      'a name that a later transform gives',
      (p) =>
        p['features']!.unshift(
          { transform: 'standardize', column: 'spent' } as never,
          { transform: 'log', column: 'spend', as: 'spent' } as never
        ),
      'features[0].column: spent is named by a later transform; put that one first',
    ],
    [
      'a name that is a column',
      (p) => p['features']!.unshift({ transform: 'log', column: 'spend', as: 'plan' } as never),
      'features[0].as: there is a column plan already',
    ],
    [
      'a name that nothing reads',
      (p) => p['features']!.push({ transform: 'log', column: 'spend', as: 'lonely' } as never),
      'features[2].as: no later transform reads lonely; without `as` it is a feature of the model',
    ],
    [
      'a day that is none',
      (p) => (p['features']![0] = { transform: 'holiday', column: 'at', dates: ['12-25', '2026-02-29'] } as never),
      "features[0].dates[1]: must be a day such as '2026-04-03', or '12-25' for every year, is \"2026-02-29\"",
    ],
    [
      'a cross of a column with itself',
      (p) => (p['features']![0] = { transform: 'cross', columns: ['plan', 'plan'] } as never),
      'features[0]: crosses a column with itself',
    ],
    [
      'an order with a value twice',
      (p) => (p['features']![0] = { transform: 'ordinal', column: 'plan', order: ['a', 'b', 'a'] } as never),
      'features[0]: has a value twice in its order',
    ],
    [
      'a hash of very many columns',
      (p) => (p['features']![0] = { transform: 'hashing', columns: ['plan'], buckets: 5000 } as never),
      'features[0]: has 5000 buckets, and each is a column of the model: at most 1000, or name it, `as`',
    ],
    [
      'earlier rows without a time',
      (p) => {
        delete (p['source'] as Record<string, unknown>)['eventTime'];
        p['features']![0] = { transform: 'targetMean', column: 'plan', training: 'earlierRows' } as never;
      },
      'features[0]: takes what earlier rows say, and source.eventTime is missing; write training: { folds: 5 }',
    ],
    [
      'bounds that cross',
      (p) => (p['features']![0] = { transform: 'clip', column: 'spend', min: 3, max: 2 } as never),
      'features[0]: has a min, 3, above its max, 2',
    ],
    [
      'no bound',
      (p) => (p['features']![0] = { transform: 'clip', column: 'spend' } as never),
      'features[0]: clips nothing: it has no min and no max',
    ],
    [
      'a quantile above 1',
      (p) => (p['features']![0] = { transform: 'clip', column: 'spend', max: { quantile: 95 } } as never),
      'features[0].max.quantile: must be at most 1, is 95',
    ],
    ['a feature twice', (p) => (p['features']![1] = p['features']![0]!), 'features[1]: is features[0] again'],
    [
      "a name of the graph's own",
      (p) => {
        p['source']!['columns']!['dense'] = 'number' as never;
        p['features']![0]!['column'] = 'dense' as never;
      },
      "features[0].column: dense is a name of the model's own; rename the column",
    ],
    // model, period, split, objective
    [
      'a wild learning rate',
      (p) => (p['model'] = { network: { learningRate: 0 } } as never),
      'model.network.learningRate: must be more than 0, is 0',
    ],
    [
      'counts as an option of a study',
      (p) => {
        const of = { oneOf: [{ trees: {} }, { linear: { poisson: { oneOf: [false, true] } } }] };
        p['model'] = { study: { of } } as never;
      },
      'model.study.of: has poisson, which is of the task number, and the objective is binary; leave it out',
    ],
    [
      'classes that weigh alike where there are none',
      (p) => {
        p['objective'] = { task: 'number' } as never;
        p['model'] = { network: { classWeights: 'balanced' } } as never;
      },
      'model.network.classWeights: weighs classes, and the objective is number; leave it out',
    ],
    [
      'dropout that leaves nothing',
      (p) => (p['model'] = { network: { dropout: 1 } } as never),
      'model.network.dropout: must be less than 1, is 1',
    ],
    [
      'two models',
      (p) => (p['model'] = { network: {}, trainer: { registered: 'x' } } as never),
      'model: must have one field of network, trees, linear, trainer or study; it has network and trainer',
    ],
    [
      'an offset of a whole period',
      (p) => (p['period'] = { every: 'week', offset: '7 days' } as never),
      'period.offset: is 7 days; it must be shorter than a period, which is week',
    ],
    [
      'an offset as long as a February',
      (p) => (p['monitoring'] = { period: { every: 'month', offset: '28 days' } } as never),
      'monitoring.period.offset: is 28 days; it must be shorter than a period, which is month',
    ],
    [
      'a period of no known unit',
      (p) => (p['period'] = { every: 'fortnight' } as never),
      'period.every: must be hour, day, week, month, or a duration such as \'6 hours\', is "fortnight"',
    ],
    [
      'windows by time and by count',
      (p) => (p['monitoring'] = { period: { every: 'day', rows: 100 } } as never),
      'monitoring.period: must have one field of every or rows; it has every and rows',
    ],
    [
      'a period of seconds',
      (p) => (p['period'] = { every: '30 seconds' } as never),
      'period.every: must be a minute or longer, is "30 seconds"',
    ],
    [
      'an offset that is not a duration',
      (p) => (p['period'] = { every: 'day', offset: 'noon' } as never),
      'period.offset: is not a duration: "noon"; write a number and a unit of millisecond, second, minute, hour, day, week',
    ],
    [
      'a threshold of 1',
      (p) => (p['objective'] = { decisionThreshold: 1 } as never),
      'objective.decisionThreshold: must be less than 1, is 1',
    ],
    [
      'a task that there is none of',
      (p) => (p['objective'] = { task: 'colour' } as never),
      'objective.task: must be binary, number, classes or labels, is "colour"',
    ],
    [
      'a threshold of numbers',
      (p) => {
        p['objective'] = { task: 'number', decisionThreshold: 0.5 } as never;
        p['label']!['labeler'] = { column: 'spend' } as never;
      },
      'objective.decisionThreshold: there is no such field. Fields are task, controlShare.',
    ],
    [
      'a rule that makes numbers',
      (p) => (p['objective'] = { task: 'number' } as never),
      'label.labeler: makes labels 0 and 1, and the task is number: write { column: … }',
    ],
    [
      'a column of two outcomes',
      (p) => (p['label']!['labeler'] = { column: 'spend' } as never),
      "label.labeler: makes labels that are numbers: write a rule, or objective: { task: 'number' }",
    ],
    ['one class', (p) => classes(p, ['a']), 'objective.classes: must have at least 2 entries, is a list'],
    [
      'ten thousand classes',
      (p) =>
        classes(
          p,
          Array.from({ length: 10_000 }, (_, i) => `c${i}`)
        ),
      'objective.classes: must have at most 1000 entries, is a list',
    ],
    ['a class twice', (p) => classes(p, ['a', 'b', 'a']), 'objective.classes[2]: a is there twice; give each its own'],
    [
      'a class without a name',
      (p) => classes(p, ['a', '']),
      'objective.classes[1]: must be a name of at most 100 characters, is ""',
    ],
    [
      'a rule that makes classes',
      (p) => (p['objective'] = { task: 'classes', classes: ['a', 'b'] } as never),
      'label.labeler: makes labels 0 and 1, and the task is classes: write { column: … }',
    ],
    [
      'classes in a column of numbers',
      (p) => classes(p, ['1', '2.5'], 'spend'),
      'label.labeler.column: a label that is a class must be a column of type string, integer or boolean; spend is number',
    ],
    [
      'a mean of labels that are classes',
      (p) => {
        classes(p, ['0', '1']);
        p['features']![0] = { transform: 'targetMean', column: 'plan' } as never;
      },
      'features[0]: is a mean of labels, and classes have none; use an embedding, ordinal or oneHot',
    ],
    [
      'a gate on a class that there is none of',
      (p) => {
        classes(p, ['low', 'high']);
        p['gates'] = [{ metric: 'f1:hihg', atLeast: 0.5 }] as never;
      },
      'gates[0].metric: there is no metric f1:hihg. Did you mean f1:high?',
    ],
    [
      'a gate on a metric of another task',
      (p) => {
        p['objective'] = { task: 'number' } as never;
        p['label']!['labeler'] = { column: 'spend' } as never;
        p['gates'] = [{ metric: 'auc', atLeast: 0.5 }] as never;
      },
      'gates[0].metric: there is no metric auc. There are rmse, mae, r2, mape, meanError; name a registered one in metrics.',
    ],
    // gates
    [
      'a gate without a limit',
      (p) => (p['gates'] = [{ metric: 'auc' }] as never),
      'gates[0]: has no limit: give it atLeast or atMost',
    ],
    [
      'a gate that none can pass',
      (p) => (p['gates'] = [{ metric: 'auc', atLeast: 0.7, atMost: 0.6 }] as never),
      'gates[0].atLeast: is 0.7, above atMost, which is 0.6: no model could pass',
    ],
    [
      'an unknown metric',
      (p) => (p['gates'] = [{ metric: 'logloss', atMost: 1 }] as never),
      'gates[0].metric: there is no metric logloss. Did you mean logLoss?',
    ],
    [
      'a gate on a utility that nobody gave',
      (p) => (p['gates'] = [{ metric: 'utility', atLeast: 0 }] as never),
      'gates[0].metric: is utility, but objective.utility does not say what outcomes are worth',
    ],
    [
      'an end of an interval that a registered metric does not have',
      (p) => {
        p['metrics'] = [{ registered: 'shareHot' }] as never;
        p['gates'] = [{ metric: 'shareHot', bound: 'low', atLeast: 0 }] as never;
      },
      'gates[0].bound: is low, but shareHot is a registered metric, which has no interval',
    ],
    [
      'a gate on a registered metric that metrics does not name',
      (p) => (p['gates'] = [{ metric: 'shareHot', atLeast: 0 }] as never),
      'gates[0].metric: there is no metric shareHot. There are auc, averagePrecision, logLoss, brier, calibrationError, accuracy, precision, recall, f1, utility; name a registered one in metrics.',
    ],
    [
      'two gates of one name',
      (p) =>
        (p['gates'] = [
          { metric: 'auc', atLeast: 0.6 },
          { metric: 'auc', atMost: 0.9 },
        ] as never),
      'gates[1].name: auc is there twice; give each its own',
    ],
    [
      'a registered metric with the name of our own',
      (p) => (p['metrics'] = [{ registered: 'auc' }] as never),
      'metrics[0].registered: is the name of a built-in metric',
    ],
    // approval
    [
      'more approvals than people',
      (p) => (p['approval']!['approversNeeded'] = 2 as never),
      'approval.approversNeeded: is 2, but only 1 person may decide',
    ],
    [
      'more approvals than distinct people',
      (p) =>
        (p['approval'] = {
          approvers: ['ana', 'role:all'],
          roles: { all: ['ana', 'ben'] },
          approversNeeded: 3,
        } as never),
      'approval.approversNeeded: is 3, but only 2 people may decide',
    ],
    [
      'a role that nobody has',
      (p) => (p['approval'] = { approvers: ['role:reviewer'], roles: { reviewers: ['ana'] } } as never),
      'approval.approvers[0]: there is no role reviewer in approval.roles. Did you mean reviewers?',
    ],
    [
      'a reminder after the end',
      (p) => (p['approval']!['reminders'] = [{ wall: '1 day' }, { wall: '14 days' }] as never),
      'approval.reminders[1]: 14 days is not before the deadline, which is 14 days',
    ],
    [
      'reminders out of order',
      (p) => (p['approval']!['reminders'] = [{ wall: '2 days' }, { wall: '48 hours' }] as never),
      'approval.reminders[1]: 48 hours is not later than the reminder before it',
    ],
    // durations
    [
      'the wrong clock',
      (p) => (p['approval']!['deadline'] = { event: '14 days' } as never),
      "approval.deadline: is by the wall clock (people's and machines' time), not by event; write { wall: '7 days' }",
    ],
    [
      'no clock',
      (p) => (p['retryFor'] = '1 day' as never),
      'retryFor: must name its clock: write { wall: \'7 days\' }, is "1 day"',
    ],
    [
      'no duration',
      (p) => (p['monitoring'] = { allowedLateness: { event: '1 fortnight' } } as never),
      'monitoring.allowedLateness: is not a duration: "1 fortnight"; write a number and a unit of millisecond, second, minute, hour, day, week',
    ],
    [
      'a duration of nothing',
      (p) => (p['retryFor'] = { wall: '0 days' } as never),
      'retryFor: must be longer than nothing, is "0 days"',
    ],
    [
      'a duration beyond measure',
      (p) => (p['retryFor'] = { wall: '99999 weeks' } as never),
      'retryFor: is longer than 10 years: "99999 weeks"',
    ],
    // rollout
    [
      'a share that falls',
      (p) =>
        (p['rollout'] = {
          steps: [
            { share: 0.5, for: { event: '1 day' } },
            { share: 0.2, for: { event: '1 day' } },
            { share: 1, for: { event: '1 day' } },
          ],
        } as never),
      'rollout.steps[1].share: is 0.2, below the step before, which is 0.5',
    ],
    [
      'a rollout that stops half-way',
      (p) => (p['rollout'] = { steps: [{ share: 0.5, for: { event: '1 day' } }] } as never),
      'rollout.steps[0].share: is 0.5; the last step must be 1, for all requests',
    ],
    [
      'a step that does nothing',
      (p) =>
        (p['rollout'] = {
          steps: [
            { share: 0, for: { event: '1 day' } },
            { share: 1, for: { event: '1 day' } },
          ],
        } as never),
      'rollout.steps[0].share: is 0 without shadow: such a step does nothing',
    ],
    // further sources
    [
      'a source that nothing reads',
      (p) => (p['sources'] = { extra: p['source'] } as never),
      "sources.extra: is read by no statement or join: name it in a source's reader.sql.from, reader.join.rows or a view's from",
    ],
    [
      'a statement over a source that is not there',
      (p) => (p['source'] = { ...(p['source'] as object), key: ['at'], reader: OVER_EXTRA } as never),
      'source.reader.sql.from[0]: extra must be one of sources, before this one.',
    ],
    [
      'a statement that gives no key',
      (p) => {
        p['sources'] = { extra: p['source'] } as never;
        p['source'] = { ...(p['source'] as object), reader: OVER_EXTRA } as never;
      },
      'source.key: is missing: a statement gives each key once',
    ],
    [
      'a mistake in a further source',
      (p) => {
        p['sources'] = { extra: { ...(p['source'] as object), eventTime: 'on' } } as never;
        p['source'] = { ...(p['source'] as object), key: ['at'], reader: OVER_EXTRA } as never;
      },
      'sources.extra.eventTime: sources.extra.columns has no column on.',
    ],
    // triggers and notifiers
    [
      'more breaches than windows',
      (p) => (p['triggers'] = [{ on: 'bias', breaches: 3, outOf: 2 }] as never),
      'triggers[0].breaches: is 3, more than outOf, which is 2',
    ],
    [
      'an address of no web',
      (p) => (p['notifiers'] = [{ webhook: { url: 'ftp://x/y' } }] as never),
      'notifiers[0].webhook.url: must be an address that starts with http:// or https://',
    ],
    [
      'a password in an address',
      (p) => (p['notifiers'] = [{ webhook: { url: 'https://me:sesame@x/y' } }] as never),
      'notifiers[0].webhook.url: has a name or password in it; a definition is stored and shown, so it must hold no secret',
    ],
    [
      'a token in an address',
      (p) => (p['notifiers'] = [{ webhook: { url: 'https://x/y?access_token=1' } }] as never),
      'notifiers[0].webhook.url: has access_token in its query; a definition is stored and shown, so it must hold no secret',
    ],
  ])('is told by its path and in words: %s', (_, change, expected) => {
    expect(mistakesIn(changed(change))).toContain(expected);
  });

  it.each(['s3cr3t', 'whsec_9f8a7b', 'AKIAIOSFODNN7EXAMPLE', 'hook-secret', ''])(
    'is a secret in place of the name of a variable, and not repeated: %j',
    (secretEnv) => {
      const mistakes = mistakesIn({ ...CHURN, notifiers: [{ webhook: { url: 'https://x/y', secretEnv } }] });
      expect(mistakes).toEqual([
        'notifiers[0].webhook.secretEnv: must be the name of an environment variable of the worker, such as APPROVALS_SECRET, never the secret itself',
      ]);
    }
  );

  it('is told together with all others, in one error of one line', () => {
    const broken = changed((p) => {
      p['name'] = 'Churn' as never;
      p['features']![0]!['column'] = 'spent' as never;
      p['gates'] = [{ metric: 'auc' }, { metric: 'auc', atleast: 1 }] as never;
      p['rollout'] = { steps: [{ share: 0.5, for: { event: '1 day' } }] } as never;
      p['rolout'] = {} as never;
    });
    const error = (() => {
      try {
        return defineProject(broken as ProjectInput);
      } catch (caught) {
        return caught as MlopsError;
      }
    })() as MlopsError;
    expect(error.code).toBe('MLOPS_DEFINITION_INVALID');
    expect(error.message).toMatch(/^MLOPS_DEFINITION_INVALID: 6 mistakes in the definition: [^\n]*$/);
    for (const path of [
      'name',
      'features[0].column',
      'gates[0]',
      'gates[1].atleast',
      'rollout.steps[0].share',
      'rolout',
    ]) {
      expect(error.message).toContain(`${path}: `);
    }
  });

  it.each([undefined, null, 'churn', 3, []])('is a definition that is %j', (input) => {
    expect(mistakesIn(input)).toEqual([expect.stringContaining('a definition must be an object')]);
  });

  it('is a definition of more than 1 MiB', () => {
    const params = { text: 'x'.repeat(1_100_000) };
    expect(mistakesIn({ ...CHURN, notifiers: [{ registered: 'chat', params }] })).toEqual([
      expect.stringMatching(/^: it has \d+ bytes as JSON; at most 1048576 may be/),
    ]);
  });
});

describe('the normal form', () => {
  const event = fc.integer({ min: 1, max: 90 }).map((days) => ({ event: `${days} days` }));
  const project = fc
    .record(
      {
        period: fc.record(
          {
            every: fc.oneof(
              fc.constantFrom('day', 'week', 'month'),
              fc.integer({ min: 4, max: 60 }).map((days) => `${days} days`)
            ),
            offset: fc.integer({ min: 0, max: 23 }).map((hours) => `${hours} hours`),
          },
          { requiredKeys: ['every'] }
        ),
        schema: fc.record({
          columns: fc.array(
            fc.record({
              column: fc.constantFrom('spend', 'visits'),
              min: fc.double({ noNaN: true, noDefaultInfinity: true }),
            })
          ),
        }),
        model: fc.oneof(
          fc.record({
            network: fc.record({ seed: fc.nat(), hidden: fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 3 }) }),
          }),
          fc.record({
            trainer: fc.record({
              registered: fc.constant('forest'),
              // A name `__proto__` is refused, wherever it stands.
              params: fc
                .dictionary(fc.string(), fc.jsonValue())
                .filter((params) => !JSON.stringify(params).includes('"__proto__":')),
            }),
          })
        ),
        gates: fc.uniqueArray(
          fc.record({
            metric: fc.constantFrom('auc', 'logLoss'),
            atLeast: fc.double({ min: -1, max: 1, noNaN: true }),
          }),
          {
            selector: ({ metric }) => metric,
          }
        ),
        rollout: fc.record({
          steps: fc.tuple(
            fc.record({ share: fc.double({ min: 0.01, max: 0.9, noNaN: true }), for: event }),
            fc.record({ share: fc.constant(1), for: event })
          ),
        }),
        monitoring: fc.record(
          { allowedLateness: event, bias: fc.record({ floor: fc.double({ min: 0, max: 1, noNaN: true }) }) },
          { requiredKeys: [] }
        ),
        triggers: fc.uniqueArray(fc.record({ on: fc.constantFrom('bias', 'drift'), coolDown: event }), {
          selector: ({ on }) => on,
        }),
      },
      { requiredKeys: [] }
    )
    .map((parts) => ({ ...CHURN, ...parts }) as ProjectInput);

  it('is an input that gives itself, also after a trip through JSON, under one digest', () => {
    fc.assert(
      fc.property(project, (input) => {
        const definition = defineProject(input);
        const again = defineProject(JSON.parse(JSON.stringify(definition)) as ProjectInput);
        expect(again).toEqual(definition);
        expect(digestOf(again)).toBe(digestOf(definition));
        expect(digestOf(defineProject(JSON.parse(JSON.stringify(input)) as ProjectInput))).toBe(digestOf(definition));
      })
    );
  });

  it('has another digest for another definition', () => {
    const other = defineProject({ ...CHURN, objective: { decisionThreshold: 0.4 } });
    expect(digestOf(other)).not.toBe(digestOf(defineProject(CHURN)));
  });

  it('does not change what it was made of', () => {
    const input = structuredClone(CHURN) as unknown as ProjectInput;
    defineProject(input);
    expect(input).toEqual(CHURN);
  });
});

describe('a source without an event time', () => {
  const { eventTime: _, ...timeless } = CHURN.source;
  const of = (change: object, source: object = {}) => ({ ...CHURN, source: { ...timeless, ...source }, ...change });
  const keyed = { key: ['plan', 'visits'] };

  it('is split by hash of its key, and each row is a cluster', () => {
    const { definition, mistakes } = checkProject(of({}, keyed));
    expect(mistakes).toEqual([]);
    expect(definition).toMatchObject({
      split: { by: 'hash', test: 0.2, validation: 0, seed: 1, columns: ['plan', 'visits'], minTrainRows: 1000 },
      cluster: 'row',
    });
    expect(definition!.source.knownAt).toBeUndefined();
    expect(checkProject(definition).definition).toEqual(definition);
    expect(checkProject(of({ split: { minTestRows: 5 } }, keyed)).definition!.split).toMatchObject({
      by: 'hash',
      minTestRows: 5,
    });
  });

  it('may be known at a moment', () => {
    const { definition } = checkProject(of({}, { ...keyed, knownAt: { column: 'landed' } }));
    expect(definition!.source.knownAt).toEqual({ column: 'landed' });
  });

  it.each<[string, object, string[]]>([
    [
      'no key',
      of({}),
      [
        'split: is by hash and nothing says of what: declare in source.key the columns that identify a row, or name in split.columns those whose rows stay together',
      ],
    ],
    [
      'periods',
      of({ split: { testPeriods: 2 } }, keyed),
      ["split: is by time, but the source has no event time; write by: 'hash' or by: 'column'"],
    ],
    [
      'a split by time',
      of({ split: { by: 'time' } }, keyed),
      ["split: is by time, but the source has no event time; write by: 'hash' or by: 'column'"],
    ],
    [
      'days',
      of({ cluster: 'day' }, keyed),
      ["cluster: is day, but the source has no event time; leave it out, or write 'row' or { column: … }"],
    ],
    [
      'a lag after the event time',
      of({}, { ...keyed, knownAt: { eventTimePlus: { minutes: 5 } } }),
      [
        'source.knownAt.eventTimePlus: needs an event time; name a column in source.eventTime, or the one that says when a row is known in knownAt.column',
      ],
    ],
  ])('with %s is refused', (_name, input, mistakes) => {
    expect(mistakesIn(input)).toEqual(mistakes);
  });
});

describe('a split', () => {
  it.each<[string, unknown, string[]]>([
    ['by nothing known', { by: 'hahs' }, ['split.by: must be time, hash or column, is "hahs"']],
    [
      'by a column that is not there',
      { by: 'column', column: 'town', test: ['a'] },
      ['split.column: source.columns has no column town.'],
    ],
    [
      'by a measured column',
      { by: 'column', column: 'spend', test: [1] },
      ['split.column: what a split goes by must be a column of type string, integer or boolean; spend is number'],
    ],
    [
      'by a value of another type',
      { by: 'column', column: 'visits', test: ['1'] },
      ['split.test[0]: must be a whole number, as visits is integer; is "1"'],
    ],
    [
      'with a value in two parts',
      { by: 'column', column: 'plan', test: ['a'], validation: ['a'] },
      ['split.validation[0]: "a" is there twice; a value is in one part'],
    ],
    [
      'that trains nothing',
      { by: 'hash', columns: ['plan'], test: 0.5, validation: 0.5 },
      ['split.validation: leaves no row for training: test and validation are 1 in all'],
    ],
    [
      'by a column twice',
      { by: 'hash', columns: ['plan', 'plan'] },
      ['split.columns[1]: plan is there twice; give each its own'],
    ],
    [
      'with a misspelt field',
      { by: 'hash', columns: ['plan'], tset: 0.1 },
      ['split.tset: there is no such field. Did you mean test?'],
    ],
  ])('%s is refused', (_name, split, mistakes) => {
    expect(mistakesIn({ ...CHURN, split }).map((each) => each.replace(/ Columns are .*$/, ''))).toEqual(mistakes);
  });

  it('and a cluster may go by a column', () => {
    const split = { by: 'hash', columns: ['plan'] } as const;
    expect(defineProject({ ...CHURN, split, cluster: { column: 'plan' } })).toMatchObject({
      cluster: { column: 'plan' },
    });
    expect(mistakesIn({ ...CHURN, cluster: { column: 'pln' } })).toEqual([
      'cluster.column: source.columns has no column pln. Did you mean plan?',
    ]);
  });
});

describe('a source of predictions', () => {
  const columns = {
    visits: 'integer',
    churned: { type: 'integer', from: 'truth.value' },
    prediction: { type: 'string', from: 'prediction.id' },
    at: { type: 'timestamp', from: 'prediction.eventTime' },
    known: { type: 'timestamp', from: 'truth.knownAt' },
  };
  const source = {
    reader: { predictions: { project: 'churn' } },
    columns,
    key: ['prediction'],
    eventTime: 'at',
    knownAt: { column: 'known' },
  };
  const input = (changes: object, more: object = {}): unknown => ({
    name: 'churn',
    source: { ...source, ...changes },
    label: { name: 'churns', labeler: { rule: { column: 'churned', op: '=', value: 1 } } },
    features: [{ transform: 'standardize', column: 'visits' }],
    approval: { approvers: ['ana'] },
    ...more,
  });

  it('has times in microseconds, as requests have', () => {
    const { definition, mistakes } = checkProject(input({}));
    expect(mistakes).toEqual([]);
    expect(definition?.source).toMatchObject({
      columns: { at: { format: ['epoch us'] }, known: { format: ['epoch us'] }, visits: { type: 'integer' } },
    });
    expect(checkProject(definition).definition).toEqual(definition);
  });

  it.each([
    [
      'without a key',
      { key: undefined },
      "source.key: must be the one column from 'prediction.id': a revised truth is a correction",
    ],
    [
      'with another key',
      { key: ['prediction', 'visits'] },
      "source.key: must be the one column from 'prediction.id': a revised truth is a correction",
    ],
    [
      'that knows the truth at the event',
      { knownAt: undefined },
      "source.knownAt: must be { column: … } of the one from 'truth.knownAt': a row is known once its truth is",
    ],
    [
      'without an event time',
      { eventTime: undefined },
      "source.eventTime: is missing: declare a column from 'prediction.eventTime'",
    ],
    [
      'with a field that is none',
      { columns: { ...columns, more: { type: 'number', from: 'prediction.scores' } } },
      'source.columns.more.from: must be an input’s name or one of prediction.id, prediction.eventTime, prediction.version, prediction.score, prediction.decision, prediction.control, truth.value or truth.knownAt. Did you mean prediction.score?'.replace(
        '’',
        "'"
      ),
    ],
    [
      'with a field of another type',
      { columns: { ...columns, at: { type: 'string', from: 'prediction.eventTime' } } },
      'source.columns.at.type: must be timestamp, as prediction.eventTime is',
    ],
    [
      'with several fields as one',
      { columns: { ...columns, more: { type: 'timestamp', from: ['prediction.eventTime', 'truth.knownAt'] } } },
      "source.columns.more.from: must be one name: a prediction's inputs and fields are whole",
    ],
  ])('%s is refused', (_name, changes, mistake) => {
    expect(mistakesIn(input(changes))).toContain(mistake);
  });

  it('is not read by features where no request has the value', () => {
    const features = [
      { transform: 'standardize', column: 'churned' },
      { transform: 'weekday', column: 'known' },
      { transform: 'weekday', column: 'at' },
    ];
    expect(mistakesIn(input({}, { features }))).toEqual([
      'features[0].column: churned is what the label is made of: the model would read the answer',
      'features[1].column: known is not known before the row is: at serving time there is no such value',
      'features[2].column: at is prediction.eventTime, which no request has',
    ]);
  });
});

describe('a vector', () => {
  const columns = { ...CHURN.source.columns, face: 'vector(3)' };
  const of = (changes: object) => mistakesIn({ ...CHURN, source: { ...CHURN.source, columns }, ...changes });

  it('is written with its width', () => {
    for (const type of ['vector', 'vector(0)', 'vector(4097)', 'vector(3,4)']) {
      const source = { ...CHURN.source, columns: { ...columns, face: type } };
      const forms = 'string, text, integer, number, boolean, timestamp, decimal(12,2) or vector(384)';
      expect(mistakesIn({ ...CHURN, source })[0]).toMatch(`source.columns.face: must be ${forms}, is "${type}"`);
    }
  });

  it('has each of its numbers as a feature, standardized where nothing else is said', () => {
    const features = [
      { transform: 'components', column: 'face' },
      { transform: 'components', column: 'face', scale: 'none' },
      { transform: 'isMissing', column: 'face' },
    ];
    expect(of({ features })).toEqual([]);
    const { definition } = checkProject({ ...CHURN, source: { ...CHURN.source, columns }, features } as never);
    expect(definition?.features[0]).toEqual({ transform: 'components', column: 'face', scale: 'standardize' });
  });

  it.each([
    [
      { features: [{ transform: 'standardize', column: 'face' }] },
      'features[0].column: what standardize reads must be a column of type integer, number or decimal; face is vector(3)',
    ],
    [
      { features: [{ transform: 'components', column: 'spend' }] },
      'features[0].column: what components reads must be a column of type vector; spend is number',
    ],
    [
      { schema: { table: [{ drift: 'face' }] } },
      'schema.table[0].drift: a column that may drift must be a column of type string, integer, number, decimal or boolean; face is vector(3)',
    ],
    [
      { cluster: { column: 'face' } },
      'cluster.column: a cluster must be a column of type string, integer, number, decimal, boolean or timestamp; face is vector(3)',
    ],
    [
      { label: { name: 'seen', labeler: { rule: { column: 'face', op: '>', value: 1 } } } },
      'label.labeler.rule.column: what a label is made of must be a column of type string, text, integer, number, decimal, boolean or timestamp; face is vector(3)',
    ],
  ])('is not a number, a category or a label: %j', (changes, mistake) => {
    expect(of(changes)).toContain(mistake);
  });
});
