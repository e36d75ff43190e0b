/** A study by its records, as its page shows it. */
import { MlopsError } from '../domain/errors';
import { taskOf } from '../domain/task';
import type { PagedStudy } from '../engines/report/study/study-page';
import type { Records } from '../records';

/** @throws MlopsError MLOPS_NOT_FOUND: no trial of a study of this id is on record */
export async function pagedStudy(records: Records, id: string): Promise<PagedStudy> {
  const trials = await records.trials(id);
  const ref = trials[0]?.inputs.find(({ kind }) => kind === 'definition');
  const definition = ref === undefined ? undefined : await records.find('definition', ref.id);
  if (definition === undefined || !('study' in definition.body.definition.model)) throw noStudy(id);
  const { model, objective } = definition.body.definition;
  const winner = await records.find('winner', id);
  return {
    id,
    spec: model.study,
    task: taskOf(objective).kind,
    trials: trials.map(({ body }) => body),
    winner: winner?.body,
  };
}

function noStudy(study: string): MlopsError {
  const what = 'No trial of a study of this id has ended.';
  return new MlopsError('MLOPS_NOT_FOUND', what, { study }, 'mlops study <project> shows the id of the newest study.');
}
