/** The job `reportEvaluation`: an evaluation's page as a file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../domain/job';
import { drawEvaluationPage } from './draw-evaluation-page';
import type { PagedEvaluation } from './evaluation-page';
import type { PageOutput } from './page-job';

export const evaluationPageJob: Job<PagedEvaluation, PageOutput> = async (paged, { folder }) => {
  const file = 'page.html';
  await writeFile(join(folder, file), await drawEvaluationPage(paged));
  return { files: [{ name: 'page', file, mediaType: 'text/html' }] };
};
