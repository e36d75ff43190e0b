/** The shape of `split` and `cluster`: which rows train, validate and test, and which depend on each other. */
import { z } from 'zod';
import { excerptOf, listed } from './mistakes';
import { atLeastOne, column, MOST, MOST_COLUMNS, record } from './schema-parts';

const leastRows = { minTrainRows: atLeastOne.default(1000), minTestRows: atLeastOne.default(200) };
const testPeriods = atLeastOne.default(1);
const validationPeriods = z.number().int().min(0).default(0);
const values = z.array(
  z.union([z.string().max(1000), z.number(), z.boolean()], { error: 'must be a text, a number or a boolean' })
);

const FORMS = {
  time: record({ by: z.literal('time'), testPeriods, validationPeriods, ...leastRows }),
  hash: record({
    by: z.literal('hash'),
    test: z.number().gt(0).lt(1).default(0.2),
    validation: z.number().min(0).lt(1).default(0),
    seed: z.number().int().min(0).max(0xffff_ffff).default(1),
    columns: z.array(column).min(1).max(MOST).optional(),
    ...leastRows,
  }),
  column: record({
    by: z.literal('column'),
    column,
    test: values.min(1).max(MOST_COLUMNS),
    validation: values.max(MOST_COLUMNS).default([]),
    ...leastRows,
  }),
} as const;
/** What does not say `by` is by time where the source has an event time, else by hash of its key. */
const unsaid = record({
  testPeriods: testPeriods.unwrap().optional(),
  validationPeriods: validationPeriods.unwrap().optional(),
  ...leastRows,
});

type Form = z.output<(typeof FORMS)[keyof typeof FORMS]>;
export type ParsedSplit = Form | ({ readonly by?: undefined } & z.output<typeof unsaid>);

export const split = z
  .unknown()
  .transform((value, context): ParsedSplit => {
    const by = (value as { readonly by?: unknown } | null | undefined)?.by;
    const form = by === undefined ? unsaid : FORMS[by as keyof typeof FORMS];
    const parsed = form?.safeParse(value, { reportInput: true });
    if (parsed?.success === true) return parsed.data;
    const message = `must be ${listed(Object.keys(FORMS))}, is ${excerptOf(by)}`;
    const issues = parsed?.error.issues ?? [{ code: 'custom', input: by, message, path: ['by'] }];
    context.issues.push(...(issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  })
  .prefault({});

/** What it is by default depends on the source. */
export const cluster = z
  .union([z.enum(['day', 'row']), record({ column })], {
    error: ({ input }) => `must be day, row or { column: … }, is ${excerptOf(input)}`,
  })
  .optional();

/** The defaults of a split by hash. */
export const HASH = FORMS.hash.parse({ by: 'hash' });
export const TIME_PERIODS = { testPeriods: 1, validationPeriods: 0 } as const;
