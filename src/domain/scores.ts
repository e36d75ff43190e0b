/** What a model gives to each row, as arrays have it and as records do. */
export interface Scores {
  /** Numbers of a row: one, or of classes and labels a probability for each. */
  readonly width: number;
  /** [rows, width] */
  readonly values: Float32Array;
}

/** Of one row: the number, or as many as a score has. */
export type RecordedScore = number | readonly number[];

export function emptyScores(width: number, rows: number): Scores {
  return { width, values: new Float32Array(rows * width) };
}

/** Rows `from` … `to` − 1, in the same memory. */
export function scoresBetween({ width, values }: Scores, from: number, to: number): Scores {
  return { width, values: values.subarray(from * width, to * width) };
}

export function rowsScored({ width, values }: Scores): number {
  return values.length / width;
}

export function recordedScores({ width, values }: Scores): readonly RecordedScore[] {
  if (width === 1) return Array.from(values);
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width))
  );
}

/** The score's numbers. */
export function numbersOf(score: RecordedScore): readonly number[] {
  return typeof score === 'number' ? [score] : score;
}

/** Of each row the place of its largest number, of equal ones the first. */
export function likeliest({ width, values }: Scores): Int32Array {
  const places = new Int32Array(values.length / width);
  for (let row = 0; row < places.length; row += 1) {
    const from = row * width;
    let most = from;
    for (let at = from + 1; at < from + width; at += 1) if (values[at]! > values[most]!) most = at;
    places[row] = most - from;
  }
  return places;
}
