/** Fills in the defaults that depend on other fields, and puts the normal form together. */
import type {
  CsvDialect,
  FeatureDefinition,
  FileForm,
  Period,
  ProjectDefinition,
  SplitDefinition,
  WindowsOfRows,
} from '../domain/definition';
import { type EventDuration, durationMs, parseDurationMs, type WallDuration } from '../domain/durations';
import { isCounted, lengthOf } from '../domain/period';
import { BETWEEN_LABELS } from '../domain/task';
import { formatOf } from './check-source';
import { clocksOf } from './clocks';
import { dependencyName, gateName, stepName, stepShare } from './default-names';
import type { Parsed } from './project-schema';
import { CSV } from './source-schema';
import { HASH, TIME_PERIODS } from './split-schema';

/** Every section, readable. */
export type ParsedProject = {
  readonly [K in Exclude<keyof Parsed, 'cluster'>]-?: NonNullable<Parsed[K]> extends readonly (infer Entry)[]
    ? readonly NonNullable<Entry>[]
    : NonNullable<Parsed[K]>;
} & Pick<Parsed, 'cluster'>;

/** @param parsed a definition whose checks found no mistake */
export function complete(parsed: ParsedProject): ProjectDefinition {
  const { name, source, schema, approval, rollout, monitoring, triggers } = parsed;
  const windows = normalWindows(monitoring.period ?? defaultWindows(parsed));
  const definition: ProjectDefinition = {
    v: 1,
    name,
    source: sourceOf(source, name),
    sources: Object.fromEntries(Object.entries(parsed.sources).map(([key, each]) => [key, sourceOf(each, key)])),
    views: parsed.views,
    schema: {
      ...schema,
      dependencies: schema.dependencies.map((rule) => ({ ...rule, name: dependencyName(rule) })),
    },
    label: labelOf(parsed),
    features: parsed.features.map((feature) => trainingOf(feature, parsed.source)),
    model: parsed.model,
    period: normalPeriod(parsed.period),
    split: splitOf(parsed.split, source),
    cluster: parsed.cluster ?? (source.eventTime === undefined ? 'row' : 'day'),
    objective: parsed.objective,
    metrics: parsed.metrics,
    slices: parsed.slices,
    gates: parsed.gates.map((gate) => ({ ...gate, name: gateName(gate) })),
    approval: { ...approval, reminders: approval.reminders ?? defaultReminders(approval.deadline) },
    rollout: {
      ...rollout,
      steps: rollout.steps.map((step) => ({ ...step, name: stepName(step), share: stepShare(step)! })),
    },
    monitoring: {
      ...monitoring,
      period: windows,
      allowedLateness: monitoring.allowedLateness ?? defaultLateness(source),
    },
    triggers: triggers.map((rule) => ({
      ...rule,
      outOf: rule.outOf ?? rule.breaches,
      coolDown: rule.coolDown ?? (isCounted(windows) ? { windows: 2 } : { event: lengthOf(windows, 2) }),
    })),
    notifiers: parsed.notifiers,
    retryFor: parsed.retryFor,
    heartbeatWithin: parsed.heartbeatWithin,
  };
  // Drops keys without a value, and makes −0 0: what is hashed is what a trip through JSON leaves.
  return JSON.parse(JSON.stringify(definition)) as ProjectDefinition;
}

function sourceOf(source: ParsedProject['source'], name: string): ProjectDefinition['source'] {
  return {
    ...source,
    ...clocksOf(source),
    name: source.name ?? name,
    reader: readerOf(source.reader),
    columns: 'predictions' in source.reader ? servedColumns(source.columns) : source.columns,
  };
}

function labelOf({ label, objective }: ParsedProject): ProjectDefinition['label'] {
  const { labeler } = label;
  if (objective.task !== 'labels' || !('column' in labeler)) return label;
  return { ...label, labeler: { ...labeler, separator: labeler.separator ?? BETWEEN_LABELS } };
}

/** Requests write times as microseconds, and so does a source of predictions. */
function servedColumns(columns: Source['columns']): Source['columns'] {
  const named = Object.entries(columns).map(([name, column]) => {
    const { type, format = ['epoch us'] } = column;
    return [name, type === 'timestamp' ? { ...column, format } : column] as const;
  });
  return Object.fromEntries(named);
}

type Source = ParsedProject['source'];

/** Without an event time no row is an earlier one. */
function trainingOf(feature: ParsedProject['features'][number], { eventTime }: Source): FeatureDefinition {
  if (feature.transform !== 'targetMean') return feature;
  const { training = eventTime === undefined ? { folds: 5, seed: 1 } : 'earlierRows' } = feature;
  return { ...feature, training };
}

function splitOf(split: ParsedProject['split'], { eventTime, key }: Source): SplitDefinition {
  const { by } = split;
  // The checks have refused a split by hash that has neither columns nor a key.
  if (by === 'hash') return { ...split, columns: split.columns ?? key! };
  if (by !== undefined) return split;
  const { minTrainRows, minTestRows, ...periods } = split;
  return eventTime === undefined
    ? { ...HASH, columns: key!, minTrainRows, minTestRows }
    : { by: 'time', ...TIME_PERIODS, ...periods, minTrainRows, minTestRows };
}

function readerOf(reader: ParsedProject['source']['reader']): ProjectDefinition['source']['reader'] {
  if ('registered' in reader || 'sql' in reader || 'join' in reader || 'mongodb' in reader || 'predictions' in reader)
    return reader;
  if ('s3' in reader) {
    const { connection, bucket, path } = reader.s3;
    return { s3: { connection, bucket, path, ...formOf(reader.s3, path) } };
  }
  if ('http' in reader) {
    const { connection, path } = reader.http;
    return { http: { connection, path, ...formOf(reader.http, path[0] as string) } };
  }
  const { path } = reader.file;
  return { file: { path, ...formOf(reader.file, path) } };
}

type Form = Pick<Extract<ParsedProject['source']['reader'], { readonly file: unknown }>['file'], 'format' | 'csv'>;

function formOf({ format: declared, csv }: Form, path: string): FileForm {
  const format = declared ?? formatOf(path)!;
  return { format, ...(format === 'csv' ? { csv: dialectOf(csv ?? CSV) } : {}) };
}

/** Quotes are doubled inside quotes, unless another escape is named. */
function dialectOf({ escape, ...dialect }: typeof CSV): CsvDialect {
  return { ...dialect, escape: escape ?? dialect.quote };
}

function defaultReminders(deadline: WallDuration): readonly WallDuration[] {
  const reminder = { wall: '3 days' };
  return durationMs(reminder) < durationMs(deadline) ? [reminder] : [];
}

/** Requests of a source without an event time are of the time of their receipt: none comes late. */
function defaultLateness({ eventTime }: ParsedProject['source']): EventDuration {
  return { event: eventTime === undefined ? '0 seconds' : '1 hour' };
}

/** A verdict needs `minRows` truths: a window by count of twice as many has room for those that miss. */
const WINDOW_OF_MIN_ROWS = 2;

function defaultWindows({ source, period, monitoring }: ParsedProject): Period | WindowsOfRows {
  return source.eventTime === undefined ? { rows: WINDOW_OF_MIN_ROWS * monitoring.minRows } : period;
}

function normalWindows(windows: Period | WindowsOfRows): Period | WindowsOfRows {
  return isCounted(windows) ? windows : normalPeriod(windows);
}

/** An offset of nothing is none. */
function normalPeriod({ every, offset }: NonNullable<Parsed['period']>): Period {
  return offset === undefined || parseDurationMs(offset) === 0 ? { every } : { every, offset };
}
