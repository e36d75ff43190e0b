/**
 * Takes the bytes that nothing needs any more, batch after batch. A Temporal Schedule starts it; a person may, too. Several
 * at once do no harm: each artifact is taken once.
 */
import { continueAsNew, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import {
  addTallies,
  type BytesOf,
  type HousekeepingInput,
  type HousekeepingProgress,
  type HousekeepingResult,
  type Tally,
} from '../domain/housekeeping';
import { io, waiting } from './activities';

const BEGINNING: HousekeepingProgress = { cursor: { stage: 'documents', after: '' }, took: [], kept: [] };

export async function housekeeping(input: HousekeepingInput): Promise<HousekeepingResult> {
  const { dryRun = false } = input;
  const { firstExecutionRunId: run } = workflowInfo();
  let progress = input.progress ?? BEGINNING;
  while (progress.cursor.stage !== 'done') {
    setCurrentDetails(detailsOf(progress, dryRun));
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof housekeeping>({ ...input, progress });
    const { cursor, took, kept, retention } = await waiting().mlopsCleanStores({
      run,
      dryRun,
      cursor: progress.cursor,
    });
    progress = {
      cursor,
      took: addTallies(progress.took, took),
      kept: addTallies(progress.kept, kept),
      retention,
    };
  }
  const taken = dryRun ? progress.took : await recorded(run, progress.took);
  const { kept, retention } = progress;
  setCurrentDetails(detailsOf({ ...progress, took: taken }, dryRun));
  return { dryRun, taken, kept, ...(retention === undefined ? {} : { retention }) };
}

const WITHOUT_DOCUMENT: readonly BytesOf[] = ['earlier generation', 'incomplete upload', 'feature view'];

/** By the artifacts' documents: an attempt that was killed could not say what it had taken. What has none is as the batches said. */
async function recorded(run: string, took: readonly Tally[]): Promise<Tally[]> {
  const { taken } = await io().mlopsRecordHousekeeping({ run });
  return addTallies(
    taken,
    took.filter(({ what }) => WITHOUT_DOCUMENT.includes(what))
  );
}

function detailsOf({ cursor, took, kept }: HousekeepingProgress, dryRun: boolean): string {
  const list = (all: readonly Tally[]): string[] =>
    all.length === 0
      ? ['- nothing']
      : all.map(({ what, why, count, bytes }) => `- ${what}: ${count}, ${bytes} bytes (${why})`);
  const state = cursor.stage === 'done' ? 'done' : `at the ${cursor.stage}`;
  return [
    `# Housekeeping: ${state}`,
    ...[dryRun ? '## Would take' : '## Took', ...list(took)],
    ...['## Keeps', ...list(kept)],
  ].join('\n');
}
