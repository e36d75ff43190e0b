/**
 * The definition's shape in zod: types, ranges, patterns, and the defaults that need to know nothing else. Each section
 * is parsed by itself, so that a slip in one doesn't hide the others'; complete.ts fills in what depends on other
 * sections, and the check-*.ts files hold the rules between fields.
 */
import { z } from 'zod';
import { isPersonName, PERSON_NAME_RULE, PROJECT_NAME } from '../domain/ids';
import { DEFAULT_RETRIES } from '../domain/plan';
import { MOST_LABELS, type TaskKind, TASKS } from '../domain/task';
import { RECENT_WINDOWS } from '../domain/triggers';
import { feature } from './feature-schema';
import { excerptOf, listed } from './mistakes';
import {
  atLeastOne,
  column,
  confidence,
  eventDuration,
  eventDurationOrZero,
  MOST,
  MOST_CLASSES,
  MOST_COLUMNS,
  oneOf,
  period,
  record,
  registeredUse,
  share,
  textOf,
  wallDuration,
  word,
} from './schema-parts';
import { model } from './model-schema';
import { schema } from './rules-schema';
import { MOST_SOURCES, source } from './source-schema';
import { cluster, split } from './split-schema';
import { views } from './views-schema';

const label = record({
  name: column,
  version: atLeastOne.default(1),
  labeler: oneOf({
    rule: record({
      rule: record({
        column,
        op: z.enum(['>', '>=', '<', '<=', '=']),
        value: z.unknown().transform((value, context): number | string => {
          if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
          context.issues.push({ code: 'custom', input: value, message: 'must be a number or a text' });
          return z.NEVER;
        }),
      }),
    }),
    column: record({
      column,
      separator: z.string().min(1).max(10).optional(),
    }),
    registered: registeredUse,
  }),
});

/** In records, metrics' names and answers as it stands. */
const className = textOf(/^[^\p{Cc}]{1,100}$/u, 'a name of at most 100 characters');
/** Records have those that hold in one text, `;` between them; blanks around a name are no part of it. */
const labelName = textOf(
  /^(?!\s)[^\p{Cc};]{1,100}(?<!\s)$/u,
  'a name of at most 100 characters without `;`, and without blanks around it'
);

const OBJECTIVES = {
  binary: record({
    task: z.literal('binary').default('binary'),
    decisionThreshold: confidence.default(0.5),
    controlShare: confidence.optional(),
    utility: record({
      truePositive: z.number(),
      falsePositive: z.number(),
      falseNegative: z.number(),
      trueNegative: z.number(),
      unit: z.string().min(1).max(40),
    }).optional(),
  }),
  number: record({ task: z.literal('number'), controlShare: confidence.optional() }),
  classes: record({
    task: z.literal('classes'),
    classes: z.array(className).min(2).max(MOST_CLASSES),
    controlShare: confidence.optional(),
  }),
  labels: record({
    task: z.literal('labels'),
    labels: z.array(labelName).min(2).max(MOST_LABELS),
    decisionThreshold: confidence.default(0.5),
    controlShare: confidence.optional(),
  }),
} as const;
const objective = z
  .unknown()
  .transform((value, context): z.output<(typeof OBJECTIVES)[TaskKind]> => {
    const task = taskIn(value);
    const parsed = OBJECTIVES[task as TaskKind]?.safeParse(value, { reportInput: true });
    if (parsed?.success === true) return parsed.data;
    const message = `must be ${listed(Object.keys(OBJECTIVES))}, is ${excerptOf(task)}`;
    const issues = parsed?.error.issues ?? [{ code: 'custom', input: task, message, path: ['task'] }];
    context.issues.push(...(issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  })
  .prefault({});

function taskIn(objective: unknown): unknown {
  return (objective as { readonly task?: unknown } | null | undefined)?.task ?? 'binary';
}

const gate = record({
  name: word.optional(),
  metric: textOf(/^[^\p{Cc}]{1,128}$/u, 'the name of a metric'),
  against: z.enum(['value', 'baseline', 'champion']).default('value'),
  slice: record({ column, value: z.string().min(1).max(200).optional() }).optional(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  bound: z.enum(['estimate', 'low', 'high']).default('estimate'),
  severity: z.enum(['blocking', 'advisory']).default('blocking'),
});

/** A record has a bounded size. */
const MOST_SLICE_COLUMNS = 10;

const person = z
  .string()
  .normalize('NFC')
  .refine(isPersonName, { error: ({ input }) => `must be a name of ${PERSON_NAME_RULE}, is ${excerptOf(input)}` });
const approval = record({
  approversNeeded: atLeastOne.default(1),
  rejectsNeeded: atLeastOne.default(1),
  approvers: z
    .array(
      z
        .string()
        .normalize('NFC')
        .refine((name) => isPersonName(name) || PROJECT_NAME.test(name.replace(/^role:/, '')), {
          error: "must be the name of a person, or 'role:' and the name of a role",
        })
    )
    .min(1)
    .max(MOST),
  roles: z.record(word, z.array(person).min(1).max(MOST)).default({}),
  allowSelfApproval: z.boolean().default(false),
  deadline: wallDuration.default({ wall: '14 days' }),
  validFor: wallDuration.default({ wall: '30 days' }),
  reminders: z.array(wallDuration).max(MOST).optional(),
  supersedeAfter: wallDuration.optional(),
});

const rollout = record({
  steps: z
    .array(
      record({
        name: word.optional(),
        share: share.optional(),
        shadow: z.boolean().default(false),
        for: eventDurationOrZero,
      })
    )
    .min(1)
    .max(MOST)
    .default([
      { name: 'canary', share: 0.2, shadow: false, for: { event: '1 day' } },
      { name: 'full', share: 1, shadow: false, for: { event: '1 day' } },
    ]),
  minReplicas: atLeastOne.default(1),
  replicasWithin: wallDuration.default({ wall: '60 seconds' }),
});

const monitoring = record({
  period: oneOf({ every: period, rows: record({ rows: z.number().int().min(2).max(1_000_000) }) }).optional(),
  allowedLateness: eventDurationOrZero.optional(),
  truthDelay: eventDuration.default({ event: '7 days' }),
  truthCoverage: z.number().gt(0).max(1).default(0.95),
  minRows: z.number().int().min(2).default(200),
  withoutEventTime: z.enum(['now', 'none']).default('now'),
  bias: record({ floor: share.default(0.05), confidence: confidence.default(0.95) }).prefault({}),
  drift: record({
    psiFloor: z.number().min(0).default(0.1),
    falseDiscoveryRate: confidence.default(0.05),
  }).prefault({}),
});

const trigger = record({
  on: z.enum(['bias', 'drift']),
  breaches: atLeastOne.default(1),
  outOf: z.number().int().min(1).max(RECENT_WINDOWS).optional(),
  coolDown: oneOf({
    event: eventDurationOrZero,
    windows: record({ windows: z.number().int().min(1).max(RECENT_WINDOWS) }),
  }).optional(),
});

const notifier = oneOf({
  log: record({ log: z.literal(true) }),
  webhook: record({ webhook: record({ url: z.string(), secretEnv: z.string().optional() }) }),
  registered: registeredUse,
});

/** Sections that are one value, in the order of the normal form. */
export const SECTIONS = {
  v: z.literal(1).default(1),
  name: word,
  source,
  sources: z
    .record(word, source)
    .refine((all) => Object.keys(all).length <= MOST_SOURCES, { error: `must be at most ${MOST_SOURCES}` })
    .default({}),
  views: views.default({}),
  schema: schema.prefault({}),
  label,
  model,
  period: period.default({ every: 'week' }),
  split,
  cluster,
  objective,
  slices: z.array(column).max(MOST_SLICE_COLUMNS).default([]),
  approval,
  rollout: rollout.prefault({}),
  monitoring: monitoring.prefault({}),
  retryFor: wallDuration.default(DEFAULT_RETRIES.retryFor),
  heartbeatWithin: wallDuration.default(DEFAULT_RETRIES.heartbeatWithin),
} as const;

/** By the task's primary metric: no worse than the baseline, and than the champion. */
function defaultGates({ objective: given }: Readonly<Record<string, unknown>>) {
  const { primary } = TASKS[taskIn(given) as TaskKind] ?? TASKS.binary;
  return [
    { metric: primary, against: 'baseline', atMost: 0 },
    { metric: primary, against: 'champion', atMost: 0 },
  ];
}

/** Sections that are lists: each entry is parsed by itself, for the same reason. */
export const LISTS = {
  features: { entry: feature, default: [], atMost: MOST_COLUMNS },
  metrics: { entry: registeredUse, default: [] },
  gates: {
    entry: gate,
    default: defaultGates,
  },
  triggers: { entry: trigger, default: [] },
  notifiers: { entry: notifier, default: [{ log: true }] },
} as const;

type Output<T> = { readonly [K in keyof T]: T[K] extends z.ZodType ? z.output<T[K]> : never };
/** What could be read of a definition; undefined where the shape is wrong. */
export type ParsedSections = Partial<Output<typeof SECTIONS>>;
export type ParsedLists = {
  readonly [K in keyof typeof LISTS]?: readonly (z.output<(typeof LISTS)[K]['entry']> | undefined)[];
};
export type Parsed = ParsedSections & ParsedLists;
