/**
 * User code: functions that a worker's modules register under a name with a version, and that definitions refer to by
 * that name. A module is given as a path (`registered: require.resolve('./registered')`) and imported by the child
 * processes that run it, never by the worker. A definition is plain JSON, so a function can't stand in it; and what a step
 * reads must have a name that doesn't change its meaning, so code that changed needs a new version (the store refuses it
 * otherwise).
 */
import { digestOf } from '../runtime/digest';
import { MlopsError } from '../domain/errors';
import { CLIENT_ID } from '../domain/ids';
import type { Digest } from '../domain/refs';
import type { Notice } from '../domain/notice';
import type { Column } from '../engines/tables/columns';
import type { GivenLabel } from '../engines/tables/write-labels';

export interface Versioned {
  /** Yours to count: change it whenever the function, or anything that it calls, answers differently. */
  readonly version: string;
}

/** A source row as user code sees it; missing is null. Timestamps are `Date`s, integers beyond 2^53 are bigints. */
export type Row = Readonly<Record<string, string | number | bigint | boolean | Date | readonly number[] | null>>;

/** What a reader yields: a local file that it has written or found, or rows. */
export type SourcePart =
  | { readonly file: string; readonly format: 'parquet' | 'csv' | 'jsonl' }
  | { readonly rows: readonly Row[] };

export interface ReadRequest {
  readonly params: Readonly<Record<string, unknown>>;
  /** ISO-8601: nothing that was known later is wanted; what comes all the same is left out by its knownAt. */
  readonly asOf: string;
  /** Files that it downloads or writes go here; gone when the step has ended. */
  readonly folder: string;
}

/**
 * Rows from anywhere. Its process is killed where the activity is cancelled or its worker dies, and it is run again.
 * @example
 * const sensors: Reader = {
 *   version: '1',
 *   async *read({ asOf, params }) {
 *     const response = await fetch(`${params.url}?until=${asOf}`);
 *     yield { rows: (await response.json()) as Row[] };
 *   },
 * };
 */
export interface Reader extends Versioned {
  /** All that there is up to `asOf`, with the columns that the definition declares. The same world in the same order. */
  read(request: ReadRequest): AsyncIterable<SourcePart>;
}

/**
 * Labels from rows, batch by batch.
 * @example
 * const hot: Labeler = {
 *   version: '1',
 *   label: (rows, params) => rows.map(({ celsius }) => (celsius === null ? null : Number(celsius) > Number(params.above) ? 1 : 0)),
 * };
 */
export interface Labeler extends Versioned {
  /** One label for each row, in order: 1 or 0, of the task `number` a number, of `classes` a class's name, of `labels` a list of the names of those that hold; null where the row has none. */
  label(
    rows: readonly Row[],
    params: Readonly<Record<string, unknown>>
  ): readonly GivenLabel[] | Promise<readonly GivenLabel[]>;
}

export interface TrainRequest {
  readonly params: Readonly<Record<string, unknown>>;
  /** `params.seed`, or 0. */
  readonly seed: number;
  /** The training rows, in total order, with their labels; of classes their places in objective.classes, from 0, of labels Σ 2^place of those that hold. */
  readonly rows: AsyncIterable<{ readonly rows: readonly Row[]; readonly labels: readonly number[] }>;
  /** The model, and whatever else it writes, goes here. */
  readonly folder: string;
  /** Shown in the Temporal UI. A trainer that neither calls it nor asks for rows is ended after the limit `codeSilence`. */
  readonly progress: (done: number, total: number, note: string) => void;
}

export interface TrainedModel {
  /**
   * Path of an ONNX file in `folder`: inputs [N] named like the columns that it reads (strings; int64 µs since 1970 for
   * timestamps; float64 for numbers and booleans), output float32 [N]: `probability`, or `prediction` of the task `number`; of classes and labels `probability` [N, width].
   */
  readonly model: string;
  /** One entry for each epoch or round, kept with the run. */
  readonly epochs?: readonly { readonly epoch: number; readonly rows: number; readonly loss: number }[];
}

/**
 * Trains outside of this package, and leaves an ONNX file.
 * @example
 * const forest: Trainer = {
 *   version: '1',
 *   async train({ rows, folder, progress }) {
 *     const csv = createWriteStream(join(folder, 'rows.csv'));
 *     for await (const batch of rows)
 *       batch.rows.forEach((row, index) => csv.write(`${String(row.celsius)},${batch.labels[index]}\n`));
 *     csv.end();
 *     await once(csv, 'close');
 *     progress(1, 2, 'rows written');
 *     await promisify(execFile)('python3', ['forest.py', 'rows.csv', 'forest.onnx'], { cwd: folder });
 *     return { model: 'forest.onnx' };
 *   },
 * };
 */
export interface Trainer extends Versioned {
  train(request: TrainRequest): Promise<TrainedModel>;
}

export interface MetricRequest {
  /** [rows] probabilities of the positive class, or predicted numbers; of classes and labels [rows, width] probabilities, in the objective's order. */
  readonly scores: Float32Array;
  /** Numbers of a row's score: 1, or as many as there are classes or labels. */
  readonly width: number;
  /** [rows]; of classes their places in objective.classes, from 0, of labels Σ 2^place of those that hold */
  readonly labels: Float32Array;
  /** The same rows' source columns. */
  readonly columns: Readonly<Record<string, Column>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * One number about scores and labels; must be finite.
 * @example
 * const caught: Metric = {
 *   version: '1',
 *   compute: ({ scores, labels }) => {
 *     const positives = labels.reduce((sum, label) => sum + label, 0);
 *     const found = scores.reduce((sum, score, row) => sum + (score > 0.5 ? labels[row]! : 0), 0);
 *     return positives === 0 ? 0 : found / positives;
 *   },
 * };
 */
export interface Metric extends Versioned {
  compute(request: MetricRequest): number | Promise<number>;
}

/**
 * Brings notices to people. Whatever it throws, it is called again, for a day.
 * @example
 * const pager: Notifier = {
 *   version: '1',
 *   async notify(notice, params) {
 *     const answer = await fetch(String(params.url), { method: 'POST', body: notice.text });
 *     if (!answer.ok) throw new Error(`the pager returned ${answer.status}`);
 *   },
 * };
 */
export interface Notifier extends Versioned {
  /** May be called again with the same `notice.id`, and has the limit `notifierTime`. */
  notify(notice: Notice, params: Readonly<Record<string, unknown>>): void | Promise<void>;
}

/**
 * A module's default export: by kind, name → code. Names are 1 to 128 letters, digits and `. _ : -`.
 * @example
 * export default { labelers: { hot }, notifiers: { pager } } satisfies Partial<RegisteredCode>;
 */
export interface RegisteredCode {
  readonly readers: Readonly<Record<string, Reader>>;
  readonly labelers: Readonly<Record<string, Labeler>>;
  readonly trainers: Readonly<Record<string, Trainer>>;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly notifiers: Readonly<Record<string, Notifier>>;
}

export interface RegisteredByKind {
  readonly reader: Reader;
  readonly labeler: Labeler;
  readonly trainer: Trainer;
  readonly metric: Metric;
  readonly notifier: Notifier;
}

export type CodeKind = keyof RegisteredByKind;

export interface RegisteredDescription {
  readonly kind: CodeKind;
  readonly name: string;
  readonly version: string;
  /** Digest of the function's text, as this process runs it. */
  readonly sourceDigest: Digest;
}

/** Where a kind is registered, and which method it has. */
const KINDS = [
  { kind: 'reader', group: 'readers', method: 'read' },
  { kind: 'labeler', group: 'labelers', method: 'label' },
  { kind: 'trainer', group: 'trainers', method: 'train' },
  { kind: 'metric', group: 'metrics', method: 'compute' },
  { kind: 'notifier', group: 'notifiers', method: 'notify' },
] as const satisfies readonly { kind: CodeKind; group: keyof RegisteredCode; method: string }[];

/**
 * What is registered, in order of kind and name. The source's digest catches an edit that forgot its version; it sees
 * the method's own text only, not what that calls, and another compiler's output is another text.
 * @throws MlopsError MLOPS_CONFIGURATION: an unknown kind, a name or version that can't stand in an id, no function, or
 * one without readable source
 */
export function describeRegistered(code: Partial<RegisteredCode>): RegisteredDescription[] {
  const unknown = Object.keys(code).find((group) => !KINDS.some((known) => known.group === group));
  if (unknown !== undefined) {
    throw unfit(
      'There is no such kind of registered code.',
      unknown,
      `Kinds are ${KINDS.map((kind) => kind.group).join(', ')}.`
    );
  }
  return KINDS.flatMap(({ kind, group, method }) =>
    Object.entries(code[group] ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, registered]) => ({ kind, name, ...described(`${group}.${name}`, name, registered, method) }))
  );
}

export function registeredAs<K extends CodeKind>(
  code: Partial<RegisteredCode>,
  kind: K,
  name: string
): RegisteredByKind[K] | undefined {
  const { group } = KINDS.find((known) => known.kind === kind)!;
  const named = code[group] as Readonly<Record<string, RegisteredByKind[K]>> | undefined;
  return named !== undefined && Object.hasOwn(named, name) ? named[name] : undefined;
}

function described(
  field: string,
  name: string,
  registered: Versioned,
  method: string
): Pick<RegisteredDescription, 'version' | 'sourceDigest'> {
  if (!CLIENT_ID.test(name)) {
    throw unfit('A registered name is not fit for an id.', field, 'Use 1 to 128 letters, digits and . _ : -');
  }
  const { version } = registered;
  if (typeof version !== 'string' || !CLIENT_ID.test(version)) {
    throw unfit('Registered code has no version.', `${field}.version`, "Give it one, for example version: '1'.");
  }
  const implementation = (registered as unknown as Readonly<Record<string, unknown>>)[method];
  if (typeof implementation !== 'function') {
    throw unfit('Registered code lacks its function.', `${field}.${method}`, `Give it a function ${method}.`);
  }
  const source = Function.prototype.toString.call(implementation);
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    const fix = 'Register a plain function, not a bound or native one.';
    throw unfit('Registered code has no readable source, so a change could not be seen.', `${field}.${method}`, fix);
  }
  return { version, sourceDigest: digestOf(source) };
}

function unfit(what: string, field: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_CONFIGURATION', what, { field: `registered.${field}` }, fix);
}
