/** The shape of `schema`: what rows, batches and windows keep. */
import { z } from 'zod';
import { excerptOf } from './mistakes';
import {
  atLeastOne,
  column,
  confidence,
  eventDuration,
  MOST,
  MOST_COLUMNS,
  oneOf,
  record,
  share,
} from './schema-parts';

const MOST_CHARACTERS = 1000;
const severity = z.enum(['block', 'warn', 'info']);
const environments = z
  .array(z.enum(['training', 'serving']))
  .min(1)
  .max(2)
  .optional();

const textOrNumber = z.unknown().transform((value, context): string | number => {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
  context.issues.push({ code: 'custom', input: value, message: `must be a number or a text, is ${excerptOf(value)}` });
  return z.NEVER;
});
const bound = textOrNumber.optional();
const values = z.array(textOrNumber).min(1).max(MOST_COLUMNS).optional();
const pattern = z.string().min(1).max(MOST_CHARACTERS).optional();
const length = z.number().int().min(0).optional();
const mostly = z.number().gt(0).max(1).optional();

const columnRule = record({
  column,
  required: z.boolean().default(true),
  min: bound,
  max: bound,
  above: bound,
  below: bound,
  oneOf: values,
  noneOf: values,
  pattern,
  notPattern: pattern,
  minLength: length,
  maxLength: length,
  mostly,
  severity: severity.default('block'),
  environments,
});

const MEASURES = [
  ...(['rows', 'sum', 'mean', 'median', 'deviation', 'least', 'greatest'] as const),
  ...(['distinct', 'distinctShare', 'missingShare'] as const),
] as const;
const tableRule = oneOf({
  measure: record({
    measure: z.enum(MEASURES),
    column: column.optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    severity: severity.default('block'),
    environments,
  }),
  unique: record({
    unique: z.array(column).min(1).max(MOST),
    mostly,
    severity: severity.default('block'),
    environments,
  }),
  fresh: record({ fresh: eventDuration, severity: severity.default('block') }),
  drift: record({
    drift: column,
    floor: z.number().min(0).default(0.1),
    pValue: confidence.default(0.001),
    severity: severity.default('warn'),
  }),
});

const newPolicy = z.enum(['ignore', 'report', 'ask', 'refuse']);

export const schema = record({
  columns: z.array(columnRule).max(MOST_COLUMNS).default([]),
  table: z.array(tableRule).max(MOST).default([]),
  dependencies: z
    .array(
      record({
        name: column.optional(),
        determinants: z.array(column).min(1).max(MOST),
        dependent: column,
        mostly,
        severity: severity.default('warn'),
      })
    )
    .max(MOST)
    .default([]),
  maxQuarantinedShare: share.default(0.01),
  maxBrokenShare: share.default(0.05),
  minRows: atLeastOne.default(1),
  newColumns: newPolicy.default('report'),
  newCategories: newPolicy.default('report'),
  newCategoriesOf: z.record(column, newPolicy).default({}),
});
