import { drawCharts } from '../charts/draw';
import { type PagedStudy, studyChartsOf, studyPage } from './study-page';

export async function drawStudyPage(paged: PagedStudy): Promise<string> {
  return studyPage(paged, await drawCharts(studyChartsOf(paged)));
}
