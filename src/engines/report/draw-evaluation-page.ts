import { drawCharts } from './charts/draw';
import { chartsOf, evaluationPage, type PagedEvaluation } from './evaluation-page';

export async function drawEvaluationPage(paged: PagedEvaluation): Promise<string> {
  const { chartsOfScores, chartsOfTraining } = chartsOf(paged);
  return evaluationPage(paged, await drawCharts([...chartsOfScores, ...chartsOfTraining]));
}
