/** The shape of `model`: one that is trained, or a study of many. */
import { z } from 'zod';
import { MOST_TRIALS } from '../domain/study/trial';
import { atLeastOne, oneOf, record, registeredUse, wallDuration } from './schema-parts';
import { studied } from './studied-models';

const network = record({
  hidden: z.array(z.number().int().min(1).max(4096)).max(8).default([64, 64]),
  batch: z.number().int().min(1).max(65_536).default(512),
  learningRate: z.number().gt(0).max(1).default(0.001),
  epochs: z.number().int().min(1).max(1000).default(20),
  maxRowsSeen: atLeastOne.default(20_000_000),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  activation: z.enum(['relu', 'gelu', 'tanh']).default('relu'),
  normalization: z.enum(['none', 'layer']).default('none'),
  dropout: z.number().min(0).lt(1).default(0),
  residual: z.boolean().default(false),
  initialWeights: z.enum(['glorot', 'he']).default('glorot'),
  optimizer: z.enum(['adam', 'adamw', 'sgd']).default('adam'),
  momentum: z.number().min(0).lt(1).default(0.9),
  weightDecay: z.number().min(0).max(1).default(0),
  schedule: z.enum(['constant', 'cosine', 'oneCycle']).default('constant'),
  warmUp: z.number().min(0).lt(1).default(0),
  clipNorm: z.number().gt(0).max(1_000_000).optional(),
  classWeights: z.enum(['equal', 'balanced']).default('equal'),
  patience: z.number().int().min(1).max(1000).default(5),
});
const trees = record({
  rounds: z.number().int().min(1).max(10_000).default(200),
  depth: z.number().int().min(1).max(12).default(6),
  learningRate: z.number().gt(0).max(1).default(0.1),
  minWeight: z.number().min(0).max(1_000_000).default(1),
  l2: z.number().min(0).max(1_000_000).default(1),
  rowShare: z.number().gt(0).max(1).default(1),
  columnShare: z.number().gt(0).max(1).default(1),
  patience: z.number().int().min(1).max(10_000).default(20),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
});
const linear = record({
  l1: z.number().min(0).max(1_000_000_000).default(0),
  l2: z.number().min(0).max(1_000_000_000).default(1),
  poisson: z.boolean().default(false),
  steps: z.number().int().min(1).max(100_000).default(500),
  tolerance: z.number().gt(0).max(1).default(1e-6),
});
const calibration = z.enum(['none', 'temperature', 'isotonic']).optional();
/** What one run trains. */
const spec = {
  network: record({ network, calibration }),
  trees: record({ trees, calibration }),
  linear: record({ linear, calibration }),
  trainer: record({ trainer: registeredUse }),
};
const study = record({
  of: z.unknown(),
  trials: z.number().int().min(1).max(MOST_TRIALS).default(50),
  parallelism: z.number().int().min(1).max(100).default(2),
  sampler: z.enum(['tpe', 'random']).default('tpe'),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  within: wallDuration.optional(),
  folds: z.number().int().min(2).max(20).optional(),
  rungs: record({
    first: z.number().int().min(1).max(1000),
    eta: z.number().int().min(2).max(10).default(3),
  }).optional(),
}).transform((value, context) => {
  const { of, mistakes } = studied(value.of, oneOf(spec));
  for (const { path, problem } of mistakes)
    context.issues.push({ code: 'custom', input: value.of, message: problem, path: ['of', ...path] });
  return mistakes.length > 0 ? z.NEVER : { ...value, of };
});

export const model = oneOf({ ...spec, study: record({ study }) }).default({ network: network.parse({}) });
