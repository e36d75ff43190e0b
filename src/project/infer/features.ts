/** A transform for each column that may say something about the target. */
import { type FeatureDefinition, typeName, typesWith, widthOfVector } from '../../domain/definition';
import { DAY_MS } from '../../domain/durations';
import type { Follows, TimeReading } from '../../engines/tables/look/figures';
import type { InferredColumn } from './columns';
import { identifiersOf } from './identifiers';
import { counted, percent } from './words';

export interface InferredFeature {
  readonly feature: FeatureDefinition | undefined;
  readonly column: string;
  readonly why: string;
  readonly decide?: string;
}

const MOST_ONE_HOT = 50;
const LEAST_COUNT = 10;
const WIDTH = 8;
const MOST_WORDS = 256;
const MOST_ROWS = 20_000;
/** Of all words that the most frequent ones are; in English more than a half, in languages mixed, or without blanks, a fourth. */
const SHARED_WORDS = 0.4;
const BUCKETS = 1024;
/** A text with so many characters, or a value of its own in so many rows, is not a category. */
const LONG = 40;
const MOST_DISTINCT_SHARE = 0.5;
/** A column that alone ranks so well is suspected to be known only with the answer. */
const SUSPICIOUS = 0.995;
/** Where rows have a time, a number that goes so closely with the target's is suspected to be counted at the same moment. */
const SAME_AS_TARGET = 0.95;
/** And one that goes so closely with time will have only values that no training row had. */
const SAME_AS_TIME = 0.99;
const DAYS_OF_YEAR = 365.25;
const LEAST_YEARS = 2;
const LEAST_MISSING = 0.01;
const SPAN_OF_LOGARITHM = 20;

export interface FeatureContext {
  readonly rows: number;
  /** Of all columns: none may be given to a transform's number. */
  readonly names: readonly string[];
  readonly target: number;
  readonly key: readonly number[];
  readonly eventTime?: number;
  /** By index in the file, 0.5 to 1. */
  readonly separates: readonly (number | undefined)[];
  readonly follows: readonly Follows[];
}

export function inferFeatures(columns: readonly InferredColumn[], context: FeatureContext): readonly InferredFeature[] {
  return columns.flatMap((column) => featuresOf(column, context));
}

function featuresOf(column: InferredColumn, context: FeatureContext): readonly InferredFeature[] {
  const { index, name, type, figures, time } = column;
  const none = (why: string, decide?: string): InferredFeature[] => [
    { feature: undefined, column: name, why, ...(decide === undefined ? {} : { decide }) },
  ];
  if (index === context.target) return [];
  const separates = context.separates[index];
  if (separates !== undefined && separates >= SUSPICIOUS) {
    const why = `alone it answers the question (${separates.toFixed(3)} of 1): probably it is known only with the answer`;
    return none(why, 'if it is known before, give it a feature');
  }
  const { target, time: clock } = context.follows[index] ?? {};
  if (context.eventTime !== undefined && target !== undefined && Math.abs(target) >= SAME_AS_TARGET) {
    const why = `it goes with the target's number (rank correlation ${target.toFixed(3)}): probably it is known only together with it`;
    return none(why, 'if it is known before, give it a feature');
  }
  if (clock !== undefined && Math.abs(clock) >= SAME_AS_TIME) {
    return none(
      `it goes with time (rank correlation ${clock.toFixed(3)}): later rows have values that no training row had`
    );
  }
  if (index === context.eventTime)
    return ofTime(name, time, (suffix) => identifiersOf([...context.names, `${name}_${suffix}`]).at(-1)!);
  if (type === 'timestamp') return none('a time that is not the event time');
  // What somebody wrote is hardly ever the same twice, and says something all the same.
  if (context.key.length === 1 && context.key[0] === index && type !== 'text') return none('it names the row');
  if (figures.distinct < 2) return none('it has one value');
  const width = widthOfVector(type);
  if (width !== undefined) return [ofVector(name, width), ...missingOf(column, context.rows)];
  if (typesWith('numeric').includes(typeName(type))) return [ofNumber(column), ...missingOf(column, context.rows)];
  return ofCategory(column);
}

function ofTime(column: string, time: TimeReading | undefined, named: (suffix: string) => string): InferredFeature[] {
  const step = time?.step;
  if (step === 'month') {
    const as = named('month');
    return [
      {
        feature: { transform: 'datePart', column, part: 'month', as },
        column,
        why: 'each time is the first of a month: which of the twelve it is',
      },
      {
        feature: { transform: 'cycle', column: as, period: 12, harmonics: 2 },
        column,
        why: 'December is next to January',
      },
    ];
  }
  const weekday: InferredFeature = { feature: { transform: 'weekday', column }, column, why: 'the day of the week' };
  const days = [weekday, ...seasonOf(column, time, named('dayOfYear'))];
  if (step !== 'hour' && step !== 'moment') return days;
  return [
    ...days,
    { feature: { transform: 'timeOfDayCycles', column, harmonics: 4 }, column, why: 'the time of day differs by row' },
  ];
}

/** What was seen of one year alone could be a trend as well. */
function seasonOf(column: string, time: TimeReading | undefined, as: string): InferredFeature[] {
  const years = time === undefined ? 0 : (Date.parse(time.max) - Date.parse(time.min)) / (DAYS_OF_YEAR * DAY_MS);
  if (years < LEAST_YEARS) return [];
  return [
    {
      feature: { transform: 'datePart', column, part: 'dayOfYear', as },
      column,
      why: `the times span ${years.toFixed(1)} years: where in the year it is`,
    },
    {
      feature: { transform: 'cycle', column: as, period: DAYS_OF_YEAR, harmonics: 2 },
      column,
      why: 'the last of December is next to the first of January',
    },
  ];
}

/** Where a number is missing often enough to say something. */
function missingOf({ name, figures: { present, marks } }: InferredColumn, rows: number): InferredFeature[] {
  const missing = marks.reduce((sum, { count }) => sum + count, 0);
  if (missing < LEAST_MISSING * rows || present < LEAST_MISSING * rows) return [];
  const why = `${percent(missing / (missing + present))} of ${name} is missing and counts as its mean: this says where`;
  return [{ feature: { transform: 'isMissing', column: name }, column: name, why }];
}

function ofNumber({ name, privacy, figures: { numeric } }: InferredColumn): InferredFeature {
  const skewed =
    numeric !== undefined && numeric.min > 0 && numeric.p01 > 0 && numeric.p99 / numeric.p01 > SPAN_OF_LOGARITHM;
  const span = numeric === undefined || privacy ? '' : `99 % of it lies between ${numeric.p01} and ${numeric.p99}`;
  const why = skewed ? 'it spans orders of magnitude' : '';
  return {
    feature: { transform: skewed ? 'logStandardize' : 'standardize', column: name },
    column: name,
    why: [span, why].filter((each) => each !== '').join(': '),
  };
}

function ofVector(column: string, width: number): InferredFeature {
  const why = `each of its ${counted(width)} numbers, on one scale`;
  return { feature: { transform: 'components', column, scale: 'standardize' }, column, why };
}

function ofCategory({ name, type, figures }: InferredColumn): InferredFeature[] {
  const { distinct, present, meanLength, frequentWords } = figures;
  const values = `${counted(distinct)} values`;
  if (type === 'string' && (meanLength > LONG || distinct > MOST_DISTINCT_SHARE * present)) {
    const why = `${values} of ${Math.round(meanLength)} characters: a text or a name, no category`;
    return [{ feature: undefined, column: name, why }];
  }
  const minCount = Math.min(LEAST_COUNT, Math.max(1, Math.floor(present / 1000)));
  if (type === 'text') {
    if (frequentWords !== undefined && frequentWords < SHARED_WORDS) {
      const why = `${values} that share few words: the ${MOST_WORDS} most frequent are ${percent(frequentWords)} of all, so characters in a row`;
      const hashed = { transform: 'hashedNgrams', column: name, of: 'characters', lengths: [1, 2] } as const;
      return [{ feature: { ...hashed, buckets: BUCKETS }, column: name, why }];
    }
    const feature = { transform: 'textNgrams', column: name, of: 'words', lengths: [1, 1], minCount } as const;
    return [
      { feature: { ...feature, maxFeatures: MOST_WORDS }, column: name, why: `${values}: its most frequent words` },
    ];
  }
  const feature: FeatureDefinition =
    type === 'string' && distinct > MOST_ONE_HOT
      ? { transform: 'embedding', column: name, width: WIDTH, minCount, maxRows: MOST_ROWS }
      : { transform: 'oneHot', column: name, minCount };
  return [{ feature, column: name, why: values }];
}
