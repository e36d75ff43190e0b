/** The job `report`: a snapshot's page as a file. Its version is that of the renderer: a new look is another step. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, JobFile } from '../../domain/job';
import { batchPage, type PagedSnapshot } from './batch-page';

export interface PageOutput {
  /** `page`: HTML. */
  readonly files: readonly JobFile[];
}

export const pageJob: Job<PagedSnapshot, PageOutput> = async ({ id, body }, { folder }) => {
  const file = 'page.html';
  await writeFile(join(folder, file), batchPage({ id, body }));
  return { files: [{ name: 'page', file, mediaType: 'text/html' }] };
};
