/** What a round draws: of the seed and the round alone, so that a resumed run draws the same. */
import { randomStream, shuffled } from '../train/random';

/** Numbers of the streams are a part of every run's bits. */
const STREAMS = { rows: 1, columns: 2 } as const;

/** 1 for each row with this probability; undefined: all. */
export function rowsOf(seed: number, round: number, share: number, rows: number): Uint8Array | undefined {
  if (share === 1) return undefined;
  const random = randomStream(seed, STREAMS.rows, round);
  const bound = share * 2 ** 32;
  const taken = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) if (random() < bound) taken[row] = 1;
  return taken;
}

/** 1 for this share of the columns, at least one; undefined: all. */
export function columnsOf(seed: number, round: number, share: number, columns: number): Uint8Array | undefined {
  if (share === 1) return undefined;
  const count = Math.max(1, Math.round(share * columns));
  const taken = new Uint8Array(columns);
  for (const column of shuffled(randomStream(seed, STREAMS.columns, round), columns).subarray(0, count)) {
    taken[column] = 1;
  }
  return taken;
}
