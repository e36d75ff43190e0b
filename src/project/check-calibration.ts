/** Rules about calibration: it makes probabilities, of tasks that have them, and what it is fitted on can't choose it. */
import { calibrationsIn } from '../domain/study/models';
import type { Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkCalibration({ model, objective }: Parsed, report: Report): void {
  if (model === undefined) return;
  const path = 'study' in model ? ['model', 'study', 'of'] : ['model'];
  const declared = calibrationsIn(model);
  if (declared.includes('chosen')) {
    const why =
      'trials are compared by the validation rows that a calibration is fitted on, so isotonic would always win';
    report(path, `has a space in calibration, and ${why}; write one for all trials`);
  }
  if (objective === undefined || declared.every((calibration) => calibration === 'none')) return;
  if (objective.task === 'number')
    report(
      path,
      'has calibration, which makes probabilities, and the objective is number, which has none; leave it out'
    );
  if ((objective.task === 'classes' || objective.task === 'labels') && declared.includes('isotonic'))
    report(
      path,
      `has isotonic calibration, which is of two outcomes, and the objective is ${objective.task}; write 'temperature'`
    );
}
