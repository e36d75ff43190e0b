/** Two versions side by side, from their records alone: what differs in what they were made of, and what they are worth. */
import type { Curves } from '../../../domain/curves';
import type { Interval } from '../../../domain/evaluation';
import type { EpochMetrics } from '../../../domain/records';
import { filterWords, partOf } from '../../../domain/split';
import { flat } from '../parameter-rows';
import { sliceRows } from './slice-rows';
import type { VersionRecords } from './version-records';

export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** Both were evaluated on the same rows: their metrics are comparable. */
  readonly sameTestRows: boolean;
  readonly parameters: readonly Difference[];
  readonly data: readonly Difference[];
  readonly features: readonly Difference[];
  readonly code: readonly Difference[];
  readonly metrics: readonly MetricPair[];
  readonly slices: readonly SlicePair[];
  readonly curves: { readonly a?: Curves; readonly b?: Curves };
  readonly learning: { readonly a: readonly EpochMetrics[]; readonly b: readonly EpochMetrics[] };
  /** Names of the classes, where both have the same ones. */
  readonly classes: readonly string[];
}

/** What has another value; absent where one has none. */
export interface Difference {
  readonly what: string;
  readonly a?: string;
  readonly b?: string;
}

export interface MetricPair {
  readonly metric: string;
  readonly a?: Interval;
  readonly b?: Interval;
  /** b − a */
  readonly difference?: number;
  /** b − a with its interval, paired on the same rows: where b was evaluated beside a. */
  readonly paired?: Interval;
}

export interface SlicePair {
  readonly slice: string;
  readonly rows?: { readonly a?: number; readonly b?: number };
  /** Mean loss of its rows. */
  readonly a?: number;
  readonly b?: number;
}

export function compareVersions(a: VersionRecords, b: VersionRecords): Comparison {
  const names = [classesOf(a), classesOf(b)].map((all) => all.join('\n'));
  return {
    a: a.label,
    b: b.label,
    sameTestRows: a.evaluation !== undefined && b.evaluation !== undefined && testedOn(a) === testedOn(b),
    parameters: differences(parametersOf(a), parametersOf(b)),
    data: differences(dataOf(a), dataOf(b)),
    features: differences(featuresOf(a), featuresOf(b)),
    code: differences(codeOf(a), codeOf(b)),
    metrics: metricPairs(a, b),
    slices: slicePairs(a, b),
    curves: {
      ...(a.evaluation === undefined ? {} : { a: a.evaluation.body.evaluation.curves.candidate }),
      ...(b.evaluation === undefined ? {} : { b: b.evaluation.body.evaluation.curves.candidate }),
    },
    learning: { a: a.run.body.epochs, b: b.run.body.epochs },
    classes: names[0] === names[1] ? classesOf(b) : [],
  };
}

type Values = readonly (readonly [string, string])[];

function differences(a: Values, b: Values): readonly Difference[] {
  const [inA, inB] = [new Map(a), new Map(b)];
  return [...new Set([...inA.keys(), ...inB.keys()])].flatMap((what) => {
    const [was, is] = [inA.get(what), inB.get(what)];
    if (was === is) return [];
    return [{ what, ...(was === undefined ? {} : { a: was }), ...(is === undefined ? {} : { b: is }) }];
  });
}

function parametersOf({ run }: VersionRecords): Values {
  return [['trainer', run.body.trainer], ...flat(run.body.parameters)];
}

function dataOf({ version, snapshot, labelSet, evaluation }: VersionRecords): Values {
  const { body } = snapshot;
  const { split, trainRows, unlabelledRows } = version.body;
  return [
    ['snapshot', snapshot.digest],
    ['source', body.source],
    ['as of', body.asOf],
    ['rows', String(body.rows)],
    ['quarantined', String(body.account.quarantined)],
    ['training rows', filterWords(partOf(split, 'train'))],
    ['training rows, count', String(trainRows)],
    ['training rows without a label', String(unlabelledRows)],
    ['label', `${labelSet.body.label} v${labelSet.body.labelVersion}`],
    ...flat(labelSet.body.counts, 'labels'),
    ...flat(body.columns, 'column'),
    ...(evaluation === undefined
      ? []
      : ([
          ['test rows', filterWords(evaluation.body.test)],
          ['test rows, count', String(evaluation.body.evaluation.rows)],
        ] as const)),
  ];
}

/** Each by what it makes of which columns; its options are its value. */
function featuresOf({ definition, features }: VersionRecords): Values {
  const counted = new Map<string, number>();
  const each = definition.features.map((feature): readonly [string, string] => {
    const { transform, column, columns, ...options } = feature as unknown as Readonly<Record<string, unknown>>;
    const name = [transform, column, ...(Array.isArray(columns) ? columns : [columns])].filter(
      (part) => part !== undefined
    );
    const of = name.join(' ');
    const before = counted.get(of) ?? 0;
    counted.set(of, before + 1);
    const value = flat(options).map(([option, text]) => `${option} ${text}`);
    return [before === 0 ? of : `${of} (${before + 1})`, value.length === 0 ? 'yes' : value.join(', ')];
  });
  return [['dense width', String(features.body.denseWidth)], ...each];
}

/** Versions of the steps that made it, and what their bits depend on. */
function codeOf({ run, features, labelSet, evaluation }: VersionRecords): Values {
  const steps = [labelSet, features, run, ...(evaluation === undefined ? [] : [evaluation])];
  return [
    ...steps.flatMap(({ step }) => (step === undefined ? [] : [[step.name, step.version] as const])),
    ...flat(run.step?.environment ?? {}),
  ];
}

function metricPairs(a: VersionRecords, b: VersionRecords): readonly MetricPair[] {
  const [inA, inB] = [a, b].map(({ evaluation }) => evaluation?.body.evaluation.candidate ?? {});
  const paired =
    b.evaluation !== undefined && b.evaluation.body.championRun?.digest === a.run.digest
      ? b.evaluation.body.evaluation.againstChampion
      : undefined;
  return [...new Set([...Object.keys(inA!), ...Object.keys(inB!)])].map((metric) => {
    const [was, is] = [inA![metric], inB![metric]];
    return {
      metric,
      ...(was === undefined ? {} : { a: was }),
      ...(is === undefined ? {} : { b: is }),
      ...(was === undefined || is === undefined ? {} : { difference: is.estimate - was.estimate }),
      ...(paired?.[metric] === undefined ? {} : { paired: paired[metric] }),
    };
  });
}

function slicePairs(a: VersionRecords, b: VersionRecords): readonly SlicePair[] {
  const [inA, inB] = [a, b].map(({ evaluation }) =>
    evaluation === undefined ? new Map() : sliceRows(evaluation.body.evaluation)
  ) as [ReturnType<typeof sliceRows>, ReturnType<typeof sliceRows>];
  return [...new Set([...inA.keys(), ...inB.keys()])].map((slice) => {
    const [was, is] = [inA.get(slice), inB.get(slice)];
    return {
      slice,
      rows: { ...(was === undefined ? {} : { a: was.rows }), ...(is === undefined ? {} : { b: is.rows }) },
      ...(was === undefined ? {} : { a: was.loss }),
      ...(is === undefined ? {} : { b: is.loss }),
    };
  });
}

function classesOf({ evaluation }: VersionRecords): readonly string[] {
  return evaluation?.body.evaluation.classes?.map(({ name }) => name) ?? [];
}

/** By content: the rows, and their labels. */
function testedOn({ evaluation }: VersionRecords): string {
  const used = evaluation?.inputs.filter(({ kind }) => kind === 'snapshot' || kind === 'labelSet') ?? [];
  return JSON.stringify([used.map(({ kind, digest }) => `${kind} ${digest}`).sort(), evaluation?.body.test]);
}
