/** 1,000 rows with ties, from a generator that Python repeats: what scikit-learn 1.9.1 said of them stands in the tests. */
export function referenceRows(): { readonly scores: Float32Array; readonly labels: Float32Array } {
  const random = generator(1);
  const scores = new Float32Array(1000);
  const labels = new Float32Array(1000);
  for (let row = 0; row < 1000; row += 1) {
    const a = random();
    const b = random();
    scores[row] = (Math.floor(a * 50) / 50) * 0.9 + 0.05;
    labels[row] = b < a * a ? 1 : 0;
  }
  return { scores, labels };
}

// Taken out once: in jest's realm each look at a global costs more than the arithmetic.
const { imul, sqrt, log, cos, PI } = Math;

/** The linear congruential generator of Numerical Recipes, in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Standard normal, by Box and Muller. */
export function normals(seed: number): () => number {
  const random = generator(seed);
  return () => sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
}
