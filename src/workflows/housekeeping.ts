/**
 * Takes the bytes that nothing needs any more, batch after batch. A Temporal Schedule starts it; a person may, too. Several
 * at once do no harm: each artifact is taken once.
 */
import { continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import {
  addTallies,
  type HousekeepingInput,
  type HousekeepingProgress,
  type HousekeepingResult,
  type Tally,
} from '../domain/housekeeping';
import { io, waiting } from './activities';

const BEGINNING: HousekeepingProgress = { cursor: { stage: 'documents', after: '' }, took: [], kept: [] };

export async function housekeeping(input: HousekeepingInput): Promise<HousekeepingResult> {
  const { retention = {}, dryRun = false } = input;
  const { firstExecutionRunId: run } = workflowInfo();
  let progress = input.progress ?? BEGINNING;
  while (progress.cursor.stage !== 'done') {
    setCurrentDetails(detailsOf(progress, dryRun));
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof housekeeping>({ ...input, progress });
    const batch = await waiting().mlopsCleanStores({ run, retention, dryRun, cursor: progress.cursor });
    progress = {
      cursor: batch.cursor,
      took: addTallies(progress.took, batch.took),
      kept: addTallies(progress.kept, batch.kept),
    };
  }
  const { took, kept } = progress;
  const result = dryRun
    ? { dryRun, taken: took, kept }
    : await io().mlopsRecordHousekeeping({ run, retention, took, kept });
  setCurrentDetails(detailsOf({ ...progress, took: result.taken }, dryRun));
  return result;
}

function detailsOf({ cursor, took, kept }: HousekeepingProgress, dryRun: boolean): string {
  const list = (all: readonly Tally[]): string[] =>
    all.length === 0
      ? ['- nothing']
      : all.map(({ what, why, count, bytes }) => `- ${what}: ${count}, ${bytes} bytes (${why})`);
  const state = cursor.stage === 'done' ? 'done' : `at the ${cursor.stage}`;
  return [
    `# Housekeeping: ${state}`,
    dryRun ? '## Would take' : '## Took',
    ...list(took),
    '## Keeps',
    ...list(kept),
  ].join('\n');
}
