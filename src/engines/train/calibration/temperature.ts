/**
 * Temperature scaling (Guo et al. 2017): of all numbers that the logits may be divided by, the one with the least log loss. That loss
 * is convex in the inverse, so Newton's steps within a bracket find it.
 */
export interface LabelledLogits {
  /** [rows], of classes [rows, classes]; of labels each one of a row is a row */
  readonly logits: Float32Array;
  readonly width: number;
  readonly labels: Float32Array;
}

/** By the inverse of the temperature, summed over the rows. */
interface Derivatives {
  readonly slope: number;
  readonly curvature: number;
}

/** Beyond these the rows say nothing of a temperature: they are separated without an error, or the logits say nothing of them. */
const MOST = 100;
const TOLERANCE = 1e-12;
const STEPS = 100;

/**
 * @param seen called after each pass over the rows
 * @returns undefined where no temperature between 0.01 and 100 is the best
 */
export function fitTemperature(rows: LabelledLogits, seen: () => void): number | undefined {
  const at = (inverse: number) => {
    const derivatives = rows.width === 1 ? ofOutcomes(rows, inverse) : ofClasses(rows, inverse);
    seen();
    return derivatives;
  };
  let [low, high] = [1 / MOST, MOST];
  if (at(low).slope >= 0 || at(high).slope <= 0) return undefined;
  let inverse = 1;
  for (let step = 0; step < STEPS; step += 1) {
    const { slope, curvature } = at(inverse);
    if (slope === 0) break;
    if (slope < 0) low = inverse;
    else high = inverse;
    const newton = inverse - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    const moved = Math.abs(next - inverse);
    inverse = next;
    if (moved <= TOLERANCE * inverse) break;
  }
  return 1 / inverse;
}

function ofOutcomes({ logits, labels }: LabelledLogits, inverse: number): Derivatives {
  let [slope, curvature] = [0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const z = logits[row]!;
    const p = 1 / (1 + Math.exp(-z * inverse));
    slope += z * (p - labels[row]!);
    curvature += z * z * p * (1 - p);
  }
  return { slope, curvature };
}

function ofClasses({ logits, width, labels }: LabelledLogits, inverse: number): Derivatives {
  let [slope, curvature] = [0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const from = row * width;
    let most = logits[from]!;
    for (let k = 1; k < width; k += 1) most = Math.max(most, logits[from + k]!);
    let [sum, mean, square] = [0, 0, 0];
    for (let k = 0; k < width; k += 1) {
      const z = logits[from + k]! - most;
      const weight = Math.exp(z * inverse);
      sum += weight;
      mean += weight * z;
      square += weight * z * z;
    }
    mean /= sum;
    slope += mean - (logits[from + labels[row]!]! - most);
    curvature += square / sum - mean * mean;
  }
  return { slope, curvature };
}
