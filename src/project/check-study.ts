/** Rules about a study: its trials are compared by validation rows, which the split must set aside, and rungs are of networks. */
import { kindsIn } from '../domain/study/models';
import type { Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkStudy({ model, split, source }: Parsed, report: Report): void {
  if (model === undefined || !('study' in model)) return;
  if (model.study.rungs !== undefined && !kindsIn(model).includes('network'))
    report(['model', 'study', 'rungs'], 'are epochs of networks, and model.study.of has no network; leave them out');
  if (split === undefined || source === undefined) return;
  const without = 'sets no validation rows aside, and model.study compares its trials by them: write';
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
