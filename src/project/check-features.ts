/** Rules about transforms: what they read is there, has a type that fits, and doesn't give the answer away. */
import {
  columnsOf,
  type ColumnType,
  type FeatureDefinition,
  nameGivenBy,
  type TypeName,
  typeName,
} from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import { whyNotReadable } from '../domain/readable-columns';
import { RESERVED_COLUMNS } from '../domain/ids';
import { ANY, NUMERIC, type Report, TIME, VALUES } from './check-parts';
import { listed, type Path } from './mistakes';
import type { Parsed } from './project-schema';

/** Columns of a one-hot. */
const MOST_BUCKETS = 1000;
type Feature = NonNullable<NonNullable<Parsed['features']>[number]>;

/** What a transform can read. */
const READS: Readonly<Record<FeatureDefinition['transform'], readonly TypeName[]>> = {
  timeOfDayBuckets: TIME,
  timeOfDayCycles: TIME,
  weekday: TIME,
  standardize: NUMERIC,
  logStandardize: NUMERIC,
  robust: NUMERIC,
  minMax: NUMERIC,
  power: NUMERIC,
  log: NUMERIC,
  clip: NUMERIC,
  impute: NUMERIC,
  isMissing: ANY,
  quantileBuckets: NUMERIC,
  arithmetic: NUMERIC,
  datePart: TIME,
  cycle: NUMERIC,
  holiday: TIME,
  ordinal: ['string'],
  cross: VALUES,
  hashing: ['string'],
  targetMean: VALUES,
  oneHot: VALUES,
  textNgrams: ['text'],
  hashedNgrams: ['text'],
  components: ['vector'],
  embedding: ['string'],
};

/** @param columns the source's, with their types */
export function checkFeatures(parsed: Parsed, columns: ReadonlyMap<string, ColumnType>, report: Report): void {
  const features: readonly (Feature | undefined)[] = parsed.features ?? [];
  // What the transforms so far can read: the source's columns, and the numbers that they named.
  const known = new Map(columns);
  const seen = new Map<string, number>();
  features.forEach((feature, at) => {
    if (feature === undefined) return;
    const { transform } = feature;
    columnsOf(feature).forEach((name, i) => {
      const path: Path = ['features', at, ...('columns' in feature ? ['columns', i] : ['column'])];
      const type = known.get(name);
      const types = typesRead(feature, known);
      if (type === undefined) report(path, absent(name, features.slice(at), known));
      else if (!types.includes(typeName(type))) {
        report(path, `what ${transform} reads must be a column of type ${listed(types)}; ${name} is ${type}`);
      }
      checkServed(name, parsed, (problem) => report(path, problem));
    });
    checkOptions(feature, parsed.source?.eventTime, (problem) => report(['features', at], problem));
    const task = parsed.objective?.task;
    if (transform === 'targetMean' && (task === 'classes' || task === 'labels')) {
      report(['features', at], `is a mean of labels, and ${task} have none; use an embedding, ordinal or oneHot`);
    }
    const key =
      transform === 'embedding' ? `embedding ${feature.column}` : JSON.stringify({ ...feature, as: undefined });
    const first = seen.get(key);
    if (first !== undefined) report(['features', at], `is features[${first}] again`);
    else seen.set(key, at);
    const name = nameGivenBy(feature);
    if (name === undefined) return;
    if (known.has(name) || RESERVED_COLUMNS.includes(name))
      report(['features', at, 'as'], `there is a column ${name} already`);
    else if (!features.slice(at + 1).some((later) => later !== undefined && columnsOf(later).includes(name))) {
      report(['features', at, 'as'], `no later transform reads ${name}; without \`as\` it is a feature of the model`);
    }
    known.set(name, 'number');
  });
}

/** The hours between two timestamps are a number, too. */
function typesRead(feature: Feature, known: ReadonlyMap<string, ColumnType>): readonly TypeName[] {
  const times =
    feature.transform === 'arithmetic' &&
    feature.op === 'difference' &&
    feature.columns.some((column) => known.get(column) === 'timestamp');
  return times ? TIME : READS[feature.transform];
}

function absent(name: string, later: readonly (Feature | undefined)[], known: ReadonlyMap<string, ColumnType>): string {
  if (later.some((feature) => feature !== undefined && nameGivenBy(feature) === name)) {
    return `${name} is named by a later transform; put that one first`;
  }
  return `source.columns has no column ${name}.${didYouMean(name, known.keys())}`;
}

/** A request has the columns that features read: before the answer is known, and by names that aren't the model's own. */
function checkServed(name: string, parsed: Parsed, report: (problem: string) => void): void {
  for (const why of whyNotReadable(name, parsed as Parameters<typeof whyNotReadable>[1])) report(`${name} ${why}`);
}

function checkOptions(feature: Feature, eventTime: string | undefined, report: (problem: string) => void): void {
  if (feature.transform === 'cross' && new Set(feature.columns).size < feature.columns.length) {
    report('crosses a column with itself');
  }
  if (feature.transform === 'ordinal' && new Set(feature.order).size < feature.order.length) {
    report('has a value twice in its order');
  }
  if (feature.transform === 'hashing' && feature.as === undefined && feature.buckets > MOST_BUCKETS) {
    report(
      `has ${feature.buckets} buckets, and each is a column of the model: at most ${MOST_BUCKETS}, or name it, \`as\``
    );
  }
  if ('lengths' in feature && feature.lengths[0] > feature.lengths[1]) {
    report(`has lengths from ${feature.lengths[0]} to ${feature.lengths[1]}; the least comes first`);
  }
  if (feature.transform === 'targetMean' && feature.training === 'earlierRows' && eventTime === undefined) {
    report('takes what earlier rows say, and source.eventTime is missing; write training: { folds: 5 }');
  }
  if (feature.transform !== 'clip') return;
  const { min, max } = feature;
  const [low, high] = [min, max].map((bound) => (typeof bound === 'object' ? bound.quantile : bound));
  if (low === undefined && high === undefined) report('clips nothing: it has no min and no max');
  else if (typeof min === typeof max && low! > high!) report(`has a min, ${low}, above its max, ${high}`);
}
