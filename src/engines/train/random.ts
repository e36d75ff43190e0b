/**
 * Random numbers that are the same on every machine: xoshiro128** 1.1 (Blackman and Vigna, 2018), its state filled by
 * splitmix32. Integer arithmetic only. A stream is named by the run's seed and two numbers, so that a resumed run can
 * make the shuffle of epoch 3 without having made those before.
 */

/** What a stream is for; its numbers are a part of every run's bits. */
export const STREAMS = { parameters: 1, shuffle: 2, dropout: 7, trials: 3 } as const;

/** Gives unsigned 32-bit integers. */
export type Random = () => number;

/** @param seed any safe integer; @param index e.g. the epoch, or the parameter's place. */
export function randomStream(seed: number, stream: number, index: number): Random {
  const mix = splitmix32([seed, Math.floor(seed / 2 ** 32), stream, index]);
  return xoshiro128([mix(), mix(), mix(), mix()]);
}

/** The generator from its four words, not all of them 0. */
export function xoshiro128(state: readonly [number, number, number, number]): Random {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** An integer in 0 … bound−1, each equally likely: numbers of the last incomplete block are drawn again. */
export function integerBelow(random: Random, bound: number): number {
  const incomplete = (2 ** 32 - bound) % bound;
  let number = random();
  while (number < incomplete) number = random();
  return number % bound;
}

/** [length] numbers in −limit … limit, from the upper 24 bits, which a float holds exactly. */
export function uniform(random: Random, length: number, limit: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i += 1) values[i] = ((random() >>> 8) * 2 ** -23 - 1) * limit;
  return values;
}

/** 0 … length−1 in random order (Fisher and Yates). */
export function shuffled(random: Random, length: number): Int32Array {
  const order = new Int32Array(length);
  for (let i = 0; i < length; i += 1) order[i] = i;
  for (let i = length - 1; i > 0; i -= 1) {
    const j = integerBelow(random, i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** Each word moves the state on; its output is mixed thoroughly (the finalizer of MurmurHash3 in its newer form). */
function splitmix32(words: readonly number[]): Random {
  let state = 0;
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  for (const word of words) state = next() ^ word;
  return next;
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
