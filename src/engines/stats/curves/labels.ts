import type { LabelsCurves } from '../../../domain/curves';
import type { Scores } from '../../../domain/scores';
import { calibrationBins } from '../calibration';
import { confusionOf } from './binary';

/** @param truths [rows], Σ 2^place of the labels that hold */
export function labelsCurves(
  { width, values }: Scores,
  truths: Float32Array,
  { decisionThreshold }: { readonly decisionThreshold: number }
): LabelsCurves {
  const happened = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 1) happened[at] = (truths[Math.floor(at / width)]! >>> (at % width)) & 1;
  return {
    task: 'labels',
    confusion: Array.from({ length: width }, (_, place) => {
      const own = (all: Float32Array) => Float32Array.from(truths, (__, row) => all[row * width + place]!);
      return confusionOf(own(values), own(happened), decisionThreshold);
    }),
    calibration: calibrationBins(values, happened),
  };
}
