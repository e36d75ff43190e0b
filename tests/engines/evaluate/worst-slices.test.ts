import { join } from 'node:path';
import { evaluateJob } from '../../../src/engines/evaluate/evaluate-job';
import { fitJob } from '../../../src/engines/features/fit-job';
import { linearJob } from '../../../src/engines/linear/linear-job';
import { recordingContext } from '../train/small-run';
import { COLUMNS, SPLIT, shards } from '../train/small-shards';

test('an evaluation finds where its model knows nothing, and shows no value of a private column', async () => {
  // The place says all, but at P0, where the label is as if by chance.
  const chance = "('0x' || substr(md5('x' || i), 1, 6))::INT % 2";
  const files = await shards(`CASE WHEN i % 5 = 0 THEN ${chance} ELSE (i % 5 = 3)::INT END`);
  const where = { to: '2001-01-18T00:00:00Z' };
  const rows = { shards: files, columns: COLUMNS, eventTime: 'at', where };
  const fitted = recordingContext();
  const features = [{ transform: 'oneHot', column: 'place', minCount: 1 }] as const;
  const { files: made } = await fitJob({ ...rows, split: SPLIT, features, dependencies: [] }, fitted);
  const at = (name: string) => join(fitted.folder, made.find((file) => file.name === name)!.file);
  const context = recordingContext();
  const linear = { l1: 0, l2: 1, poisson: false, steps: 100, tolerance: 1e-6 };
  const run = { ...rows, minRows: 100, task: 'binary', linear, fitted: at('fitted'), graph: at('graph') } as const;
  const { baseline } = await linearJob(run, context);
  const evaluated = async (privacy: readonly string[]) => {
    const { evaluation } = await evaluateJob(
      {
        ...{ ...rows, privacy, model: join(context.folder, 'model.onnx'), baseline, minRows: 100 },
        ...{ trained: { where, shards: files }, cluster: 'day', windows: { every: '7 days' } },
        ...{ objective: { task: 'binary', decisionThreshold: 0.5 }, slices: ['km'], gates: [] },
      },
      recordingContext()
    );
    return evaluation.worstSlices;
  };
  const [worst] = (await evaluated([])) ?? [];
  expect(worst).toMatchObject({ column: 'place', value: 'P0', rows: 136 });
  expect(worst!.pValue).toBeLessThan(0.001);
  const shown = (await evaluated(['place'])) ?? [];
  expect(shown.filter(({ column }) => column === 'place')).toEqual([]);
});
