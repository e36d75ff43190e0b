/** Who needs validation rows: a study without folds, which compares its trials by them, and a calibration, which is fitted on them. */
import { calibrationsIn } from '../domain/study/models';
import type { Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkValidation({ model, split, source }: Parsed, report: Report): void {
  if (model === undefined || split === undefined || source === undefined) return;
  const study = 'study' in model && model.study.folds === undefined;
  if (!study && calibrationsIn(model).every((calibration) => calibration === 'none')) return;
  const why = study
    ? 'model.study compares its trials by them, unless it has folds'
    : `${'study' in model ? 'calibration' : 'model.calibration'} is fitted on them`;
  const without = `sets no validation rows aside, and ${why}: write`;
  if (split.by === 'column') {
    if (split.validation.length === 0) report(['split', 'validation'], `${without} the values whose rows validate`);
  } else if (split.by === 'hash') {
    if (split.validation === 0) report(['split', 'validation'], `${without} a share, such as 0.1`);
  } else if (split.by === undefined && source.eventTime === undefined) {
    report(['split'], `${without} { by: 'hash', validation: 0.1 }`);
  } else if ((split.validationPeriods ?? 0) === 0) {
    report(['split', 'validationPeriods'], `${without} 1 or more`);
  }
}
