/** docs/definition.md, from the types of src/domain/definition, their docstrings, and the defaults that a short definition gets. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineProject } from '../../src/project/define-project';
import type { ProjectInput } from '../../src/project/project-input';
import { packageRoot } from '../../src/runtime/package-root';
import { declarations, fieldsOf, formsOf } from './type-source';
import { DETAILED_CLASSES } from '../../src/domain/metrics';

const SHORT = `import { defineProject } from 'temporal-mlops';

export default defineProject({
  name: 'machines',
  source: {
    reader: { file: { path: 'data/readings.csv' } },
    columns: { at: 'timestamp', celsius: 'number', failed: 'integer' },
    eventTime: 'at',
  },
  label: { name: 'fails', labeler: { rule: { column: 'failed', op: '=', value: 1 } } },
  features: [{ transform: 'standardize', column: 'celsius' }],
  approval: { approvers: ['Zoë Müller', 'ben'] },
});
`;

const bare: ProjectInput = {
  name: 'machines',
  source: {
    reader: { file: { path: 'data/readings.csv' } },
    columns: {
      at: 'timestamp',
      celsius: 'number',
      failed: 'integer',
      failed_before: 'boolean',
      plan: 'string',
      note: 'text',
      shape: 'vector(8)',
    },
    eventTime: 'at',
  },
  label: { name: 'fails', labeler: { rule: { column: 'failed', op: '=', value: 1 } } },
  features: [{ transform: 'standardize', column: 'celsius' }],
  approval: { approvers: ['ana', 'ben'] },
};
/** One entry of each list, as short as it may be, for the defaults of its fields. */
export const withEntries: ProjectInput = {
  ...bare,
  schema: {
    columns: [{ column: 'plan' }],
    table: [{ measure: 'rows', min: 1 }, { unique: ['plan'] }, { fresh: { event: '1 day' } }, { drift: 'celsius' }],
    dependencies: [{ determinants: ['plan'], dependent: 'celsius' }],
  },
  features: [
    { transform: 'timeOfDayBuckets', column: 'at' },
    { transform: 'timeOfDayCycles', column: 'at' },
    { transform: 'weekday', column: 'at' },
    { transform: 'standardize', column: 'celsius' },
    { transform: 'logStandardize', column: 'celsius' },
    { transform: 'robust', column: 'celsius' },
    { transform: 'minMax', column: 'celsius' },
    { transform: 'power', column: 'celsius' },
    { transform: 'log', column: 'celsius' },
    { transform: 'clip', column: 'celsius', min: 0 },
    { transform: 'impute', column: 'celsius' },
    { transform: 'isMissing', column: 'celsius' },
    { transform: 'quantileBuckets', column: 'celsius' },
    { transform: 'arithmetic', columns: ['celsius', 'celsius'], op: 'sum' },
    { transform: 'datePart', column: 'at', part: 'month' },
    { transform: 'cycle', column: 'celsius', period: 12 },
    { transform: 'holiday', column: 'at', dates: ['12-25'] },
    { transform: 'ordinal', column: 'plan', order: ['low', 'high'] },
    { transform: 'cross', columns: ['plan', 'failed_before'] },
    { transform: 'hashing', columns: ['plan'] },
    { transform: 'targetMean', column: 'plan' },
    { transform: 'oneHot', column: 'plan' },
    { transform: 'textNgrams', column: 'note' },
    { transform: 'hashedNgrams', column: 'note' },
    { transform: 'components', column: 'shape' },
    { transform: 'embedding', column: 'plan' },
  ],
  gates: [{ metric: 'auc', atLeast: 0.6 }],
  rollout: { steps: [{ share: 1, for: { event: '1 day' } }] },
  triggers: [{ on: 'bias' }, { on: 'drift' }],
};

/** A view is of a source of `sources`. */
const withViews: ProjectInput = {
  ...bare,
  sources: { readings: bare.source },
  views: { lately: { from: 'readings', entity: ['plan'], values: { readings: 'count(*)' } } },
  source: {
    reader: { join: { rows: 'readings', views: ['lately'] } },
    columns: { ...bare.source.columns, readings: 'integer' },
  },
};

const withStudy: ProjectInput = {
  ...bare,
  split: { validationPeriods: 1 },
  model: { study: { of: { network: { learningRate: { log: [0.0001, 0.1] } } }, rungs: { first: 1 } } },
};

interface Row {
  readonly path: string;
  readonly type: string;
  readonly byDefault: string;
  readonly doc: string;
}

type Value = Readonly<Record<string, unknown>> | readonly unknown[] | undefined;

const REQUIRED_UNLESS: Readonly<Record<string, string>> = {
  features: 'Required, unless the model is a registered trainer; then default: `[]`',
};

/** @throws where a transform or a trigger has no entry in `example` */
export function definitionPage(example: ProjectInput = withEntries): string {
  const types = declarations(definitionSources());
  const whole = defineProject(bare);
  const entries = defineProject(example);
  const views = defineProject(withViews);
  // A model has several forms: the page shows the defaults of each.
  const ofModel = (model: ProjectInput['model']) => defineProject({ ...bare, model }).model;
  const models = {
    ...entries.model,
    ...ofModel({ trees: {} }),
    ...ofModel({ linear: {} }),
    ...defineProject(withStudy).model,
  };
  const fields = fieldsOf(types.get('ProjectDefinition')!.type);
  const sections = fields.map((field) => {
    const [done, input] =
      field.name === 'views'
        ? [views, withViews]
        : [
            { ...entries, model: models },
            { ...example, model: withStudy.model },
          ];
    const value = (done as unknown as Record<string, Value>)[field.name];
    const given = (input as unknown as Record<string, Value>)[field.name];
    const of = /^Readonly<Record<string, (\w+)>>$/.exec(field.type)?.[1];
    const repeats = fields.some(({ type }) => type === of);
    const rows = repeats ? [] : rowsOf(types, field.name, field.type, value, given);
    const docs = [field.doc, types.get(field.type.replace(/^readonly |\[\]$/g, ''))?.doc ?? ''].filter(
      (doc) => doc !== ''
    );
    const byDefault =
      (bare as unknown as Record<string, unknown>)[field.name] === undefined
        ? `Default: ${code((whole as unknown as Record<string, unknown>)[field.name])}`
        : (REQUIRED_UNLESS[field.name] ?? 'Required.');
    return [
      `## ${field.name}`,
      ...docs,
      byDefault,
      ...(rows.length === 0 ? [`Type: ${code(field.type, true)}`] : [table(rows)]),
    ].join('\n\n');
  });
  return `${[
    '# The definition, field by field',
    `\`\`\`ts\n${SHORT}\`\`\``,
    '`mlops check project.ts` reports every mistake with its path. A definition that leaves fields out gets the defaults below. ' +
      'Fields of registered code are explained in [registered-code.md](registered-code.md), splits in [splits.md](splits.md).',
    'A duration names its clock: `{ event: "7 days" }` is time in the data, `{ wall: "24 hours" }` is time of people and machines. Units are millisecond, second, minute, hour, day and week.',
    'This page is generated from the types: `npm run docs`.',
    ...sections,
    '## Built-in metrics',
    metrics(),
  ].join('\n\n')}\n`;
}

/** A row for each field under `path`, each form of a union after the other. */
function rowsOf(
  types: ReturnType<typeof declarations>,
  path: string,
  type: string,
  value: Value,
  given: Value,
  /** Where a type's fields stand already. */
  seen: Map<string, string> = new Map()
): Row[] {
  return formsOf(expanded(types, type)).flatMap((form) => {
    const list = /^readonly (.*)\[\]$/s.exec(form.type);
    if (list !== null) {
      const entry = (list[1] ?? '').replace(/^\((.*)\)$/s, '$1');
      return rowsOf(types, `${path}[]`, entry, value as Value, given as Value, seen);
    }
    const named = /^Readonly<Record<string, (\w+)>>$/.exec(form.type);
    if (named !== null) {
      const written = entryOf(given);
      // One written short, such as a column's type alone, has no fields of which some are left out.
      const made = typeof written === 'object' ? entryOf(value) : undefined;
      return rowsOf(types, `${path}.*`, named[1] ?? '', made, written, seen);
    }
    const own = expanded(types, form.type);
    if (own !== form.type && own.includes('|') && !own.startsWith('{'))
      return rowsOf(types, path, own, value, given, seen);
    if (!own.startsWith('{')) return [];
    return fieldsOf(own).flatMap((field, at) => {
      const below = valueOf(value, field.name, own);
      const written = valueOf(given, field.name, own);
      const before = field.optional && below === undefined ? seen.get(field.type) : undefined;
      if (before !== undefined)
        return [{ path: `${path}.${field.name}`, type: `as \`${before}\``, byDefault: '', doc: field.doc }];
      if (types.get(field.type)?.type.startsWith('{') === true) seen.set(field.type, `${path}.${field.name}`);
      const inner = rowsOf(types, `${path}.${field.name}`, field.type, below as Value, written as Value, seen);
      const doc =
        at === 0 && form.doc !== '' ? [form.doc, field.doc].filter((text) => text !== '').join(' ') : field.doc;
      if (inner.length > 0 && doc === '') return inner;
      const row: Row = {
        path: `${path}.${field.name}`,
        type: inner.length > 0 ? '' : code(literal(types, field.type), true),
        byDefault: inner.length > 0 ? '' : field.name === 'params' ? '`{}`' : defaultOf(field.optional, below, written),
        doc,
      };
      return [row, ...inner];
    });
  });
}

/** Of entries by name, the first. */
function entryOf(value: Value): Value {
  return value === undefined ? undefined : (Object.values(value)[0] as Value);
}

/** The value of a field; of a list, that of the entry which has the form's own constant (`transform`, `on`) or first field. */
function valueOf(value: Value, name: string, form: string): unknown {
  if (!Array.isArray(value)) return (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  const [, key = '', constant = ''] = /readonly (transform|on): '(\w+)'/.exec(form) ?? [];
  const entries = value as readonly Readonly<Record<string, unknown>>[];
  if (key !== '') {
    const entry = entries.find((each) => each[key] === constant);
    // Without one, a field that has a default would be shown as required.
    if (entry === undefined) throw new Error(`withEntries has no entry with ${key}: '${constant}'`);
    return entry[name];
  }
  // Forms without a constant are known by their first field.
  const [, first = ''] = /readonly (\w+)\??:/.exec(form) ?? [];
  return (entries.find((entry) => first in entry) ?? entries[0])?.[name];
}

function defaultOf(optional: boolean, value: unknown, given: unknown): string {
  if (value !== undefined && given === undefined) return code(value);
  return optional ? 'none' : 'required';
}

/** A named type as what it stands for, if that has fields. */
function expanded(types: ReturnType<typeof declarations>, type: string): string {
  const known = types.get(type);
  return known === undefined || /^'/.test(known.type) ? type : known.type;
}

/** A named union of constants as its constants. */
function literal(types: ReturnType<typeof declarations>, type: string): string {
  return (types.get(type)?.type ?? type).replace(/^\s*\|\s*/, '');
}

function code(value: unknown, verbatim = false): string {
  const text = verbatim
    ? String(value)
        .replace(/\breadonly /g, '')
        .replace(/\s+/g, ' ')
    : JSON.stringify(value);
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ path, type, byDefault, doc }) => `| \`${path}\` | ${type} | ${byDefault} | ${doc.replaceAll('|', '\\|')} |`
  );
  return ['| field | type | default | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function metrics(): string {
  const tasks = source('domain/metrics.ts').matchAll(/^ {2}(\w+): \[\n([\s\S]*?)^ {2}\],/gm);
  const rows = [...tasks].flatMap(([, task = '', listed = '']) =>
    [...listed.matchAll(/\/\*\* (.*?) \*\/\s*'(\w+)',/g)].map(
      ([, doc = '', name = '']) => `| \`${task}\` | \`${name}\` | ${doc.replaceAll('|', '\\|')} |`
    )
  );
  const each = `Beside these, \`labels\` has \`auc:<label>\`, \`logLoss:<label>\`, \`precision:<label>\`, \`recall:<label>\` and \`f1:<label>\`; \`classes\` has \`precision:<class>\`, \`recall:<class>\` and \`f1:<class>\`, where there are at most ${DETAILED_CLASSES}.`;
  return ['| task | metric | |', '| --- | --- | --- |', ...rows, '', each].join('\n');
}

/** The types of the whole definition: domain/definition.ts and the files of its parts. */
function definitionSources(): string {
  const parts = readdirSync(join(packageRoot(), 'src', 'domain', 'definition')).sort();
  return ['definition.ts', ...parts.map((part) => `definition/${part}`)]
    .map((file) => source(`domain/${file}`))
    .join('\n');
}

function source(file: string): string {
  return readFileSync(join(packageRoot(), 'src', file), 'utf8');
}
