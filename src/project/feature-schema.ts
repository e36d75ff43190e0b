/** The transforms' shapes in zod: one object for each, known by `transform`. */
import { z } from 'zod';
import { didYouMean } from '../domain/did-you-mean';
import { excerptOf, listed } from './mistakes';
import { atLeastOne, column, MOST_COLUMNS, record, share } from './schema-parts';

const minCount = atLeastOne.default(10);
const harmonics = z.number().int().min(1).max(64);
/** A day that there is; of one without a year in some year. */
const date = z.string().refine(isDay, {
  error: ({ input }) => `must be a day such as '2026-04-03', or '12-25' for every year, is ${excerptOf(input)}`,
});
/** Longer ones are hardly ever in several rows. */
const gramLength = z.number().int().min(1).max(8);
const named = { as: column.optional() };
const bound = z
  .union([z.number(), record({ quantile: share })], {
    error: ({ input }) => `must be a number, or { quantile: 0.01 }, is ${excerptOf(input)}`,
  })
  .optional();

const transforms = [
  record({ transform: z.literal('timeOfDayBuckets'), column, buckets: z.number().int().min(2).max(1440).default(48) }),
  record({ transform: z.literal('timeOfDayCycles'), column, harmonics: harmonics.default(4) }),
  record({ transform: z.literal('weekday'), column }),
  record({ transform: z.literal('standardize'), column, ...named }),
  record({ transform: z.literal('logStandardize'), column, ...named }),
  record({ transform: z.literal('robust'), column, ...named }),
  record({ transform: z.literal('minMax'), column, ...named }),
  record({ transform: z.literal('power'), column, ...named }),
  record({ transform: z.literal('log'), column, plus: z.number().default(0), ...named }),
  record({ transform: z.literal('clip'), column, min: bound, max: bound, ...named }),
  record({
    transform: z.literal('impute'),
    column,
    with: z
      .union([z.enum(['mean', 'median']), z.number()], {
        error: ({ input }) => `must be 'mean', 'median' or a number, is ${excerptOf(input)}`,
      })
      .default('median'),
    ...named,
  }),
  record({ transform: z.literal('isMissing'), column }),
  record({
    transform: z.literal('quantileBuckets'),
    column,
    buckets: z.number().int().min(2).max(1000).default(10),
    ...named,
  }),
  record({
    transform: z.literal('arithmetic'),
    columns: z.tuple([column, column]),
    op: z.enum(['sum', 'difference', 'product', 'ratio']),
    ...named,
  }),
  record({
    transform: z.literal('datePart'),
    column,
    part: z.enum(['hour', 'weekday', 'dayOfMonth', 'dayOfYear', 'month', 'quarter', 'year']),
    ...named,
  }),
  record({ transform: z.literal('cycle'), column, period: z.number().gt(0), harmonics: harmonics.default(1) }),
  record({ transform: z.literal('holiday'), column, dates: z.array(date).min(1).max(MOST_COLUMNS) }),
  record({ transform: z.literal('ordinal'), column, order: z.array(z.string().min(1)).min(2).max(1000), ...named }),
  record({ transform: z.literal('cross'), columns: z.array(column).min(2).max(4), minCount, ...named }),
  record({
    transform: z.literal('hashing'),
    columns: z.array(column).min(1).max(4),
    buckets: z.number().int().min(2).max(1_000_000).default(64),
    ...named,
  }),
  record({
    transform: z.literal('targetMean'),
    column,
    smoothing: z.number().min(0).default(10),
    minCount,
    training: z
      .union(
        [
          z.literal('earlierRows'),
          record({
            folds: z.number().int().min(2).max(100).default(5),
            seed: z.number().int().min(0).max(0xffff_ffff).default(1),
          }),
        ],
        { error: ({ input }) => `must be 'earlierRows' or { folds: 5 }, is ${excerptOf(input)}` }
      )
      .optional(),
  }),
  record({ transform: z.literal('oneHot'), column, minCount }),
  record({
    transform: z.literal('textNgrams'),
    column,
    of: z.enum(['words', 'characters']).default('words'),
    lengths: z.tuple([gramLength, gramLength]).default([1, 1]),
    minCount,
    maxFeatures: z.number().int().min(1).max(MOST_COLUMNS).default(256),
  }),
  record({
    transform: z.literal('hashedNgrams'),
    column,
    of: z.enum(['words', 'characters']).default('words'),
    lengths: z.tuple([gramLength, gramLength]).default([1, 1]),
    buckets: z.number().int().min(2).max(MOST_COLUMNS).default(256),
  }),
  record({ transform: z.literal('components'), column, scale: z.enum(['standardize', 'none']).default('standardize') }),
  record({
    transform: z.literal('embedding'),
    column,
    width: z.number().int().min(1).max(256).default(8),
    minCount,
    maxRows: z.number().int().min(2).max(20_000).default(20_000),
  }),
] as const;
const transformNames = transforms.map(({ shape }) => shape.transform.value);

export const feature = z.discriminatedUnion('transform', transforms, {
  error: ({ code, input }) => (code === 'invalid_union' ? noSuchTransform(input) : undefined),
});

function isDay(text: string): boolean {
  const day = /^\d\d-\d\d$/.test(text) ? `2000-${text}` : text;
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return false;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}

function noSuchTransform(feature: unknown): string {
  const { transform } = feature as { readonly transform?: unknown };
  const near = typeof transform === 'string' ? didYouMean(transform, transformNames) : '';
  return `must be ${listed(transformNames)}, is ${excerptOf(transform)}.${near}`;
}
