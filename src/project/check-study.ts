/** Rules about a study: rungs are of networks, and of one run of a trial. */
import { kindsIn } from '../domain/study/models';
import type { Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkStudy({ model }: Parsed, report: Report): void {
  if (model === undefined || !('study' in model)) return;
  if (model.study.rungs !== undefined && !kindsIn(model).includes('network'))
    report(['model', 'study', 'rungs'], 'are epochs of networks, and model.study.of has no network; leave them out');
  if (model.study.folds !== undefined && model.study.rungs !== undefined)
    report(
      ['model', 'study', 'rungs'],
      'compare one run of a trial, and folds train it several times; leave one of them out'
    );
}
