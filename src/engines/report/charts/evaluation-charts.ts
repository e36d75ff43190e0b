import type { Curves } from '../../../domain/curves';
import type { Evaluation } from '../../../domain/evaluation';
import { TASKS } from '../../../domain/task';
import { binaryCharts } from './binary-charts';
import type { Both, Chart } from './chart';
import { classesCharts } from './classes-charts';
import { importanceChart } from './importance-chart';
import { labelsCharts } from './labels-charts';
import { numberCharts } from './number-charts';
import { slicesChart } from './training-charts';

/** Those of the task, then where the loss is high. */
export function evaluationCharts(evaluation: Evaluation): readonly Chart[] {
  const { curves, classes = [], slices, blocksOf, importance = [], task } = evaluation;
  const names = classes.map(({ name }) => name);
  const bySlice = slicesChart(slices, blocksOf, TASKS[task].words.loss);
  const byColumn = importanceChart(importance, TASKS[task].words.loss);
  return [...taskCharts(curves, names), bySlice, byColumn].filter((chart) => chart !== undefined);
}

/** A champion's are of the same task, since a project keeps its own. */
export function taskCharts(
  { candidate, champion, ...named }: Both<Curves>,
  /** Their names, or those of labels. */
  classes: readonly string[]
): readonly Chart[] {
  switch (candidate.task) {
    case 'binary':
      return binaryCharts({ ...named, candidate, champion: champion?.task === 'binary' ? champion : undefined });
    case 'number':
      return numberCharts({ ...named, candidate, champion: champion?.task === 'number' ? champion : undefined });
    case 'classes':
      return classesCharts(
        { ...named, candidate, champion: champion?.task === 'classes' ? champion : undefined },
        classes
      );
    case 'labels':
      return labelsCharts(
        { ...named, candidate, champion: champion?.task === 'labels' ? champion : undefined },
        classes
      );
  }
}
