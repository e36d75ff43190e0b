/** A transform for each column that may say something about the target. */
import type { FeatureDefinition } from '../../domain/definition';
import type { Follows, TimeReading } from '../../engines/tables/look/figures';
import type { InferredColumn } from './columns';
import { counted } from './words';

export interface InferredFeature {
  readonly feature: FeatureDefinition | undefined;
  readonly column: string;
  readonly why: string;
  readonly decide?: string;
}

const MOST_ONE_HOT = 50;
const LEAST_COUNT = 10;
const WIDTH = 8;
const MOST_ROWS = 20_000;
/** A text with so many characters, or a value of its own in so many rows, is not a category. */
const LONG = 40;
const MOST_DISTINCT_SHARE = 0.5;
/** A column that alone ranks so well is suspected to be known only with the answer. */
const SUSPICIOUS = 0.995;
/** Where rows have a time, a number that goes so closely with the target's is suspected to be counted at the same moment. */
const SAME_AS_TARGET = 0.95;
/** And one that goes so closely with time will have only values that no training row had. */
const SAME_AS_TIME = 0.99;
const SPAN_OF_LOGARITHM = 20;

export interface FeatureContext {
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
  if (index === context.eventTime) return ofTime(name, time?.step);
  if (type === 'timestamp') return none('a time that is not the event time');
  if (context.key.length === 1 && context.key[0] === index) return none('it names the row');
  if (figures.distinct < 2) return none('it has one value');
  if (type === 'integer' || type === 'number') return [ofNumber(column)];
  return ofCategory(column);
}

function ofTime(column: string, step: TimeReading['step'] | undefined): InferredFeature[] {
  if (step === 'month') {
    const as = `${column}_month`;
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
  if (step !== 'hour' && step !== 'moment') return [weekday];
  return [
    weekday,
    { feature: { transform: 'timeOfDayCycles', column, harmonics: 4 }, column, why: 'the time of day differs by row' },
  ];
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

function ofCategory({ name, type, figures }: InferredColumn): InferredFeature[] {
  const { distinct, present, meanLength } = figures;
  const values = `${counted(distinct)} values`;
  if (type === 'string' && (meanLength > LONG || distinct > MOST_DISTINCT_SHARE * present)) {
    const why = `${values} of ${Math.round(meanLength)} characters: a text or a name, no category`;
    return [{ feature: undefined, column: name, why }];
  }
  const minCount = Math.min(LEAST_COUNT, Math.max(1, Math.floor(present / 1000)));
  const feature: FeatureDefinition =
    type === 'string' && distinct > MOST_ONE_HOT
      ? { transform: 'embedding', column: name, width: WIDTH, minCount, maxRows: MOST_ROWS }
      : { transform: 'oneHot', column: name, minCount };
  return [{ feature, column: name, why: values }];
}
