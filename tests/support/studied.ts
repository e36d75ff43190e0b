/** A study as its page takes it: 24 trials of trees or a network, two of which failed. */
import type { TrialBody } from '../../src/domain/study/study-records';
import { listedChoices } from '../../src/domain/study/trial';
import type { PagedStudy } from '../../src/engines/report/study/study-page';
import { suggest } from '../../src/engines/study/suggest';

const TEMPLATE = {
  oneOf: [
    { trees: { depth: { int: [2, 8] }, l2: { float: [0, 5] }, learningRate: { log: [0.02, 0.5] } } },
    { network: { epochs: 9, hidden: { oneOf: [[32], [64, 64]] }, learningRate: { log: [0.0001, 0.01] } } },
  ],
};

/** @param hostile a text of a person's, in reasons and ids */
export function pagedStudyOf({
  rungs,
  hostile = '',
}: {
  readonly rungs?: boolean;
  readonly hostile?: string;
}): PagedStudy {
  const spec = { of: TEMPLATE, trials: 24, parallelism: 2, sampler: 'random', seed: 3 } as const;
  const trials = Array.from({ length: 24 }, (_, at): TrialBody => {
    const number = at + 1;
    const { design, choices } = suggest({ template: TEMPLATE, sampler: 'random', seed: 3, number, trials: [] });
    const body = { study: 'machines/1/0a1b2c3d4e5f', number, choices: listedChoices(choices), model: design as never };
    if (number % 10 === 0)
      return { ...body, failure: { code: 'MLOPS_TRAINING_DIVERGED', reason: `The loss is not finite. ${hostile}` } };
    const loss =
      0.4 + Math.abs(Math.log(choices['=0.trees.learningRate'] ?? choices['=1.network.learningRate'] ?? 1)) / 50;
    if (rungs !== true || choices[''] !== 1) return { ...body, loss };
    const way = [1, 3].map((epochs) => ({ epochs, loss: loss + 0.1 / epochs }));
    return at % 3 === 0
      ? { ...body, loss: way[0]!.loss, rungs: way.slice(0, 1), stopped: true }
      : { ...body, loss, rungs: way };
  });
  const judged = trials.filter((trial) => trial.loss !== undefined && trial.stopped !== true);
  const best = judged.toSorted((a, b) => a.loss! - b.loss!)[0]!;
  const run = { kind: 'run', id: `sha256:${'ab'.repeat(32)}`, digest: `sha256:${'ab'.repeat(32)}` } as const;
  return {
    id: `machines/1/0a1b2c3d4e5f${hostile}`,
    spec: rungs === true ? { ...spec, rungs: { first: 1, eta: 3 } } : spec,
    task: 'binary',
    trials,
    winner: { trials: 24, ended: 'trials', number: best.number, loss: best.loss!, run },
  };
}
