/** A project definition for a table that has none yet: each choice by its figures, what is open marked. */
import { MlopsError } from '../../domain/errors';
import type { TableFigures, TargetFigures } from '../../engines/tables/look/figures';
import type { ProjectInput } from '../project-input';
import { type InferredColumn, type InferredColumns, inferColumns, isPersonal } from './columns';
import { type Comment, openDecisions, printDefinition } from './draft';
import { inferHash, inferMinRows } from './by-hash';
import { inferCluster } from './cluster';
import { inferFeatures, type InferredFeature } from './features';
import { identifiersOf } from './identifiers';
import { inferRules } from './rules';
import { type Target, targetOf } from './target';
import { type Inferred, inferEventTime, inferKey, inferKnownAt, inferSplit } from './time';
import { counted, listOf, percent } from './words';

export interface InferRequest {
  readonly name: string;
  /** As the definition shall have it: relative to the worker's data folder. */
  readonly path: string;
  readonly format: 'parquet' | 'csv' | 'jsonl';
  readonly figures: TableFigures;
  /** As the user wrote it. */
  readonly target: string;
  readonly approvers: readonly string[];
}

export interface InferredProject {
  readonly definition: ProjectInput;
  /** The TypeScript file. */
  readonly text: string;
  readonly open: readonly { readonly path: string; readonly decide: string }[];
}

/** Columns and target first, since figures about the target need the table once more. */
export interface Question {
  readonly inferred: InferredColumns;
  readonly target: Target;
  readonly time?: Inferred<InferredColumn>;
}

/** @throws MlopsError MLOPS_COLUMN_MISSING, MLOPS_TARGET_INVALID */
export function questionOf(figures: TableFigures, target: string, privacy: readonly string[]): Question {
  const names = identifiersOf(figures.columns.map(({ name }) => name));
  const personal = figures.columns.map((column, i) => isPersonal(column.name, names[i]!, privacy));
  const asked = targetOf(target, { columns: figures.columns, names, personal });
  const inferred = inferColumns(figures.columns, privacy, asked.column);
  const time = inferEventTime(figures.rows, inferred.columns);
  return { inferred, target: asked, ...(time === undefined ? {} : { time }) };
}

/** @throws MlopsError MLOPS_TARGET_INVALID: all rows have the same answer */
export function inferProject(request: InferRequest, question: Question, answers: TargetFigures): InferredProject {
  const { figures, name, path, format } = request;
  const { inferred, target, time } = question;
  const { columns } = inferred;
  const asked = columns.find(({ index }) => index === target.column) as InferredColumn;
  requireAnswers(asked, target, answers);
  const comments = new Map<string, Comment>();
  const note = <T>(at: string, { value, why, decide }: Inferred<T>): T => {
    comments.set(at, { why, ...(decide === undefined ? {} : { decide }) });
    return value;
  };
  for (const { name: column, why, decide } of columns)
    comments.set(`source.columns.${column}`, { why, ...(decide === undefined ? {} : { decide }) });

  const named = inferKey(figures, columns);
  const periods = time === undefined ? undefined : inferSplit(figures.rows, time.value);
  const { key, split } =
    periods === undefined ? inferHash(figures, columns, named) : { key: named, split: periods.split };
  const knownAt = time === undefined ? undefined : inferKnownAt(time.value);
  const cluster = time === undefined ? undefined : inferCluster(figures.rows, key?.value ?? [], time.value);
  const features = inferFeatures(columns, {
    rows: figures.rows,
    names: columns.map((column) => column.name),
    target: target.column,
    key: (key?.value ?? []).map(({ index }) => index),
    ...(time === undefined ? {} : { eventTime: time.value.index }),
    separates: answers.separates,
    follows: answers.follows,
  });
  const used = features.filter(({ feature }) => feature !== undefined);
  used.forEach(({ why }, i) => comments.set(`features.${i}`, { why }));
  const rules = inferRules(columns, target);
  rules.forEach(({ why }, i) => comments.set(`schema.columns.${i}`, { why }));
  comments.set('label', {
    why: `${asked.privacy ? 'as asked' : target.why}: ${answersInWords(target, answers)}`,
    ...(target.decide === undefined ? {} : { decide: target.decide }),
  });
  requireFeature(features, inferred);
  const leftOut = features.filter(({ feature }) => feature === undefined);
  comments.set('features', {
    ...(leftOut.length === 0
      ? {}
      : { why: `left out: ${leftOut.map(({ column, why }) => `${column} (${why})`).join('; ')}` }),
    ...decisionsOf(leftOut),
  });
  comments.set('approval.approvers', { decide: 'who approves a model; whoever starts a cycle may not approve it' });
  if (inferred.leftOut.length > 0) {
    comments.set('source.columns', {
      why: `left out: ${listOf(inferred.leftOut.map(({ name: each, why }) => `${each} (${why})`))}`,
    });
  }

  const linear = inferLinear(figures, used);
  const metric = target.asks === 'number' ? 'rmse' : 'logLoss';
  const definition: ProjectInput = {
    name,
    source: {
      reader: { file: { path, format, ...dialectOf(request) } },
      ...(inferred.missing.length > 1
        ? {
            missing: note('source.missing', {
              value: inferred.missing,
              why: 'marks of a missing value that are in the file',
            }),
          }
        : {}),
      columns: Object.fromEntries(columns.map(columnOf)),
      ...(key === undefined ? {} : { key: note('source.key', key).map((column) => column.name) }),
      ...(time === undefined ? {} : { eventTime: note('source.eventTime', time).name }),
      ...(knownAt === undefined ? {} : { knownAt: note('source.knownAt', knownAt) }),
    },
    schema: { columns: rules.map(({ rule }) => rule) },
    ...objectiveOf(target),
    label: labelOf(asked.name, target),
    features: used.map(({ feature }) => feature as NonNullable<typeof feature>),
    ...(linear === undefined ? {} : { model: note('model', linear) }),
    ...(periods === undefined ? {} : { period: note('period', periods.period) }),
    split: note('split', split),
    ...(cluster === undefined ? {} : { cluster: note('cluster', cluster) }),
    gates: [
      { metric, against: 'baseline', atMost: 0 },
      { metric, against: 'champion', atMost: 0 },
    ],
    approval: { approvers: [...request.approvers], approversNeeded: 1 },
    monitoring: { minRows: note('monitoring.minRows', periods?.minRows ?? inferMinRows(figures)) },
  };
  comments.set('gates', {
    why: `better than predicting ${BASELINES[target.asks]} for everyone, and no worse than the model that is live`,
  });
  const table = `${counted(figures.rows)} rows${figures.cut ? ' and more, of which the first were looked at' : ''}, ${figures.columns.filter(({ parts }) => parts === undefined).length} columns${figures.repeated > 0 ? `, ${counted(figures.repeated)} rows equal to an earlier one` : ''}`;
  const header = [
    `${name}: ${questionInWords(asked.name, target)}, asked of ${path} (${table}).`,
    '',
    'Written by `mlops init`: the comments say from which figures each choice was made, DECIDE marks what the figures do not',
    'decide. Change what you know better, then run `mlops check` on this file.',
  ];
  return { definition, text: printDefinition(definition, comments, header), open: openDecisions(comments) };
}

/** Rows from which a network has something to learn that a linear model can't, without fitting chance. */
const ENOUGH_FOR_A_NETWORK = 2_000;

/** The same, for each number that hashed texts give. */
const ENOUGH_FOR_EACH_NUMBER = 10;

/** Undefined: the default, a network. */
function inferLinear(
  { rows }: TableFigures,
  features: readonly InferredFeature[]
): Inferred<NonNullable<ProjectInput['model']>> | undefined {
  if (features.some(({ feature }) => feature?.transform === 'embedding')) return undefined;
  if (rows < ENOUGH_FOR_A_NETWORK)
    return { value: { linear: {} }, why: `${counted(rows)} rows are few: a network would fit chance` };
  const numbers = features.reduce(
    (sum, { feature }) => sum + (feature?.transform === 'hashedNgrams' ? feature.buckets : 0),
    0
  );
  if (rows >= ENOUGH_FOR_EACH_NUMBER * numbers) return undefined;
  const why = `${counted(rows)} rows are few for ${counted(numbers)} numbers of texts: a network would fit chance`;
  return { value: { linear: {} }, why };
}

const BASELINES = { condition: 'the share of yes', number: 'the mean', class: "each class's share" } as const;

function questionInWords(column: string, target: Target): string {
  if (target.asks === 'number') return `the number ${column}`;
  if (target.asks === 'class') return `${column}, one of ${target.classes.length} classes`;
  return `${column} ${target.op} ${target.value}`;
}

function answersInWords({ asks }: Target, { answers, unknown }: TargetFigures): string {
  const total = answers.reduce((sum, { count }) => sum + count, 0);
  const count = (answer: string): number => answers.find(({ value }) => value === answer)?.count ?? 0;
  const without = unknown > 0 ? `; ${counted(unknown)} rows without a value are left out` : '';
  if (asks === 'number') return `${counted(total)} rows have one${without}`;
  if (asks === 'class') return `${listOf(answers.map(({ value, count: n }) => `${value} ${counted(n)}`))}${without}`;
  return `${counted(count('yes'))} yes and ${counted(count('no'))} no (${percent(count('yes') / total)} yes)${without}`;
}

function objectiveOf(target: Target): Pick<ProjectInput, 'objective'> {
  if (target.asks === 'condition') return {};
  return {
    objective: target.asks === 'number' ? { task: 'number' } : { task: 'classes', classes: [...target.classes] },
  };
}

function labelOf(column: string, target: Target): ProjectInput['label'] {
  if (target.asks !== 'condition') return { name: column, labeler: { column } };
  return { name: labelName(column, target), labeler: { rule: { column, op: target.op, value: target.value } } };
}

/** `price > 2400` → price_above_2400 */
function labelName(column: string, { op, value }: Extract<Target, { asks: 'condition' }>): string {
  const said = String(value).replace(/[^A-Za-z0-9]+/g, '_');
  return `${column}_${OPERATOR_NAMES[op]}_${said}`.slice(0, 63).replace(/_+$/, '');
}

const OPERATOR_NAMES = { '>': 'above', '>=': 'from', '<': 'below', '<=': 'up_to', '=': 'is' } as const;

function decisionsOf(features: readonly { readonly column: string; readonly decide?: string }[]): Comment {
  const open = features.flatMap(({ column, decide }) => (decide === undefined ? [] : [`${column}: ${decide}`]));
  return open.length === 0 ? {} : { decide: open.join('; ') };
}

function columnOf({
  name,
  type,
  from,
  format,
  privacy,
}: InferredColumn): [string, ProjectInput['source']['columns'][string]] {
  if (from === undefined && format === undefined && !privacy) return [name, type];
  return [
    name,
    {
      type,
      ...(from === undefined ? {} : { from }),
      ...(format === undefined ? {} : { format }),
      ...(privacy ? { privacy } : {}),
    },
  ];
}

function dialectOf({ figures }: InferRequest): object {
  const { dialect } = figures;
  if (dialect === undefined) return {};
  const { delimiter, quote, escape, header, skip, trim, encoding, decimal } = dialect;
  const csv = {
    ...(delimiter === ',' ? {} : { delimiter }),
    ...(quote === '"' ? {} : { quote }),
    ...(escape === '"' || escape === quote ? {} : { escape }),
    ...(encoding === 'utf-8' ? {} : { encoding: encoding === 'windows-1252' ? encoding : 'utf-16le' }),
    ...(decimal === '.' ? {} : { decimal }),
    ...(header ? {} : { header: figures.columns.filter(({ parts }) => parts === undefined).map(({ name }) => name) }),
    ...(skip === 0 ? {} : { skip }),
    ...(trim ? { trim } : {}),
  };
  return Object.keys(csv).length === 0 ? {} : { csv };
}

function requireFeature(features: readonly InferredFeature[], { leftOut }: InferredColumns): void {
  if (features.some(({ feature }) => feature !== undefined)) return;
  throw new MlopsError(
    'MLOPS_TARGET_INVALID',
    "The target can't be learned: no column is left to learn it from.",
    {
      leftOut: listOf([
        ...leftOut.map(({ name, why }) => `${name} (${why})`),
        ...features.map(({ column, why }) => `${column} (${why})`),
      ]),
    },
    'Add columns that are known before the answer is, or write the definition by hand.'
  );
}

function requireAnswers({ name }: InferredColumn, { asks }: Target, { answers }: TargetFigures): void {
  if (answers.length > (asks === 'number' ? 0 : 1)) return;
  const only = answers[0];
  throw new MlopsError(
    'MLOPS_TARGET_INVALID',
    only === undefined
      ? "The target can't be learned: no row has a value."
      : `The target can't be learned: it is ${only.value} for every row that has a value.`,
    { column: name, rows: only?.count ?? 0 },
    'Ask another question of it, or choose another column.'
  );
}
