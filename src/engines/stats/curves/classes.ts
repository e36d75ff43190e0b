import type { ClassesCurves, ConfusionCell } from '../../../domain/curves';
import { DETAILED_CLASSES } from '../../../domain/metrics';
import { likeliest, type Scores } from '../../../domain/scores';
import { calibrationBins } from '../calibration';

/** All of as many classes as metrics are given of one by one. */
const MOST_CELLS = DETAILED_CLASSES ** 2;

/** @param labels [rows] places of classes */
export function classesCurves(scores: Scores, labels: Float32Array): ClassesCurves {
  const { width, values } = scores;
  const found = likeliest(scores);
  const counts = new Map<number, number>();
  found.forEach((predicted, row) => {
    const cell = labels[row]! * width + predicted;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  });
  const cells = [...counts]
    .map(([cell, rows]): ConfusionCell => ({ actual: Math.floor(cell / width), predicted: cell % width, rows }))
    .sort((a, b) => b.rows - a.rows || a.actual - b.actual || a.predicted - b.predicted);
  const confidence = Float32Array.from(found, (place, row) => values[row * width + place]!);
  const right = Float32Array.from(found, (place, row) => (labels[row] === place ? 1 : 0));
  return {
    task: 'classes',
    confusion: cells.slice(0, MOST_CELLS),
    elsewhere: cells.slice(MOST_CELLS).reduce((sum, { rows }) => sum + rows, 0),
    calibration: calibrationBins(confidence, right),
  };
}
