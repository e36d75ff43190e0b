/** A project definition for a table that has none yet: each choice by its figures, what is open marked. */
import { MlopsError } from '../../domain/errors';
import type { TableFigures, TargetFigures } from '../../engines/tables/look/figures';
import type { ProjectInput } from '../project-input';
import { type InferredColumn, type InferredColumns, inferColumns } from './columns';
import { type Comment, openDecisions, printDefinition } from './draft';
import { inferHash, inferMinRows } from './by-hash';
import { inferCluster } from './cluster';
import { inferFeatures } from './features';
import { identifiersOf } from './identifiers';
import { inferRules } from './rules';
import { type Target, targetOf } from './target';
import { type Inferred, inferEventTime, inferKey, inferSplit } from './time';
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
  const asked = targetOf(target, figures.columns, names);
  const inferred = inferColumns(figures.columns, privacy, asked.column);
  const time = inferEventTime(figures.rows, inferred.columns);
  return { inferred, target: asked, ...(time === undefined ? {} : { time }) };
}

/** @throws MlopsError MLOPS_TARGET_INVALID: all rows have the same answer, or too few one of them */
export function inferProject(request: InferRequest, question: Question, answers: TargetFigures): InferredProject {
  const { figures, name, path, format } = request;
  const { inferred, target, time } = question;
  const { columns } = inferred;
  const asked = columns.find(({ index }) => index === target.column) as InferredColumn;
  requireBothAnswers(asked, answers);
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
  const cluster = time === undefined ? undefined : inferCluster(figures.rows, key?.value ?? [], time.value);
  const features = inferFeatures(columns, {
    target: target.column,
    key: (key?.value ?? []).map(({ index }) => index),
    ...(time === undefined ? {} : { eventTime: time.value.index }),
    separates: answers.separates,
    follows: answers.follows,
  });
  const used = features.filter(({ feature }) => feature !== undefined);
  used.forEach(({ why }, i) => comments.set(`features.${i}`, { why }));
  const rules = inferRules(columns, new Set([target.column]));
  rules.forEach(({ why }, i) => comments.set(`schema.columns.${i}`, { why }));
  const rate = answers.yes / (answers.yes + answers.no);
  comments.set('label', {
    why: `${asked.privacy ? 'as asked' : target.why}: ${counted(answers.yes)} yes and ${counted(answers.no)} no (${percent(rate)} yes)${answers.unknown > 0 ? `; ${counted(answers.unknown)} rows without a value are left out` : ''}`,
  });
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

  const definition: ProjectInput = {
    name,
    source: {
      reader: { file: { path, format, ...dialectOf(request, inferred) } },
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
    },
    schema: { columns: rules.map(({ rule }) => rule) },
    label: {
      name: labelName(asked.name, target),
      labeler: { rule: { column: asked.name, op: target.op, value: target.value } },
    },
    features: used.map(({ feature }) => feature as NonNullable<typeof feature>),
    ...(periods === undefined ? {} : { period: note('period', periods.period) }),
    split: note('split', split),
    ...(cluster === undefined ? {} : { cluster: note('cluster', cluster) }),
    gates: [
      { metric: 'logLoss', against: 'baseline', atMost: 0 },
      { metric: 'logLoss', against: 'champion', atMost: 0 },
    ],
    approval: { approvers: [...request.approvers], approversNeeded: 1 },
    monitoring: { minRows: note('monitoring.minRows', periods?.minRows ?? inferMinRows(figures)) },
  };
  comments.set('gates', {
    why: 'better than predicting the share of yes for everyone, and no worse than the model that is live',
  });
  const table = `${counted(figures.rows)} rows${figures.cut ? ' and more, of which the first were looked at' : ''}, ${figures.columns.filter(({ parts }) => parts === undefined).length} columns${figures.repeated > 0 ? `, ${counted(figures.repeated)} rows equal to an earlier one` : ''}`;
  const header = [
    `${name}: ${asked.name} ${target.op} ${target.value}, asked of ${path} (${table}).`,
    '',
    'Written by `mlops init`: the comments say from which figures each choice was made, DECIDE marks what the figures do not',
    'decide. Change what you know better, then run `mlops check` on this file.',
  ];
  return { definition, text: printDefinition(definition, comments, header), open: openDecisions(comments) };
}

/** `price > 2400` → price_above_2400 */
function labelName(column: string, { op, value }: Target): string {
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

function dialectOf({ figures }: InferRequest, { decimal }: InferredColumns): object {
  const { dialect } = figures;
  if (dialect === undefined) return {};
  const { delimiter, quote, escape, header, skip, trim, encoding } = dialect;
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

function requireBothAnswers({ name }: InferredColumn, { yes, no }: TargetFigures): void {
  if (yes > 0 && no > 0) return;
  throw new MlopsError(
    'MLOPS_TARGET_INVALID',
    `The target can't be learned: it is ${yes > 0 ? 'yes' : 'no'} for every row that has a value.`,
    { column: name, rows: yes + no },
    'Ask another question of it, or choose another column.'
  );
}
