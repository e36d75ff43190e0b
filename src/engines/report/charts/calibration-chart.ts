/** What scores mean: in bins of about equal numbers of rows, the mean score beside what happened. */
import type { Curves } from '../../../domain/curves';
import type { TaskKind } from '../../../domain/task';
import { type Both, bothRows, byModel, type Chart, diagonal, quantitative, share, spec } from './chart';

type Calibrated = Pick<Curves, 'calibration'>;

const WORDS: Readonly<Record<TaskKind, { readonly about: string; readonly score: string; readonly truth: string }>> = {
  binary: {
    about: 'In bins of about equal numbers of rows: the mean probability beside the rate of positive rows.',
    score: 'mean probability',
    truth: 'rate',
  },
  classes: {
    about: 'In bins of about equal numbers of rows: the likeliest class’s mean probability, and how often it is right.',
    score: 'mean probability of the likeliest class',
    truth: 'share that is right',
  },
  labels: {
    about:
      'In bins of about equal numbers of rows and labels: the mean probability of a label, and how often it holds.',
    score: 'mean probability of a label',
    truth: 'share that holds',
  },
  number: {
    about: 'In bins of about equal numbers of rows: the mean prediction beside the mean truth.',
    score: 'mean prediction',
    truth: 'mean truth',
  },
};

export function calibrationChart(curves: Both<Calibrated>, task: TaskKind): Chart {
  const { about, score, truth } = WORDS[task];
  const bins = [...curves.candidate.calibration, ...(curves.champion?.calibration ?? [])];
  const ends = bins.flatMap(({ meanScore, meanTruth }) => [meanScore, meanTruth]);
  const [from, to] = task === 'number' ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
  const axis = (field: string, title: string) =>
    task === 'number'
      ? quantitative(field, title, { scale: { zero: false }, axis: { tickCount: 5 } })
      : share(field, title);
  return {
    id: 'calibration',
    title: 'Calibration',
    about,
    spec: spec(
      bothRows(curves, (of) =>
        of.calibration.map(({ rows, meanScore, meanTruth }) => ({ rows, meanScore, meanTruth }))
      ),
      {
        layer: [
          diagonal(from, to, 'meanScore', 'meanTruth'),
          {
            mark: { type: 'line', point: true },
            encoding: { x: axis('meanScore', score), y: axis('meanTruth', truth), ...byModel(curves) },
          },
        ],
      }
    ),
  };
}
