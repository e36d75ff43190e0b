/** What a version's model was trained on, in words; of an import no record says. */
import type { RunBody } from '../../domain/records';
import { filterWords, partOf } from '../../domain/split';
import { count } from './words';

export type TrainedRun = Pick<RunBody, 'trainer' | 'rows' | 'split' | 'unlabelled' | 'imported'>;

export function trainedOn({ trainer, rows, split, unlabelled, imported }: TrainedRun): string {
  if (imported !== undefined)
    return `Imported, not trained here: no record says which rows it was trained on, so it may have seen the rows of the evaluation. The file says that ${imported.producer} wrote it.`;
  const without = unlabelled === 0 ? '' : `; ${count(unlabelled)} more have no label`;
  return `${trainer} on ${count(rows)} rows (${filterWords(partOf(split, 'train'))})${without}`;
}
