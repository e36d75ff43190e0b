/** Figures of a column's values that come in ascending order, each once with how often it is there. */
import type { ColumnProfile, ProfileMoments, ProfileSpread, ProfileValue } from '../../domain/profile';

export interface Ends {
  /** Values, equal ones too. */
  readonly present: number;
  readonly low: number;
  readonly high: number;
}

const PERCENTS = [1, 5, 25, 50, 75, 95, 99];
const TOP = 10;
const BINS = 20;

export class CountedValues {
  readonly #present: number;
  readonly #low: number;
  readonly #width: number;
  readonly #bins = new Array<number>(BINS).fill(0);
  readonly #quantiles: ProfileValue[] = [];
  #top: { readonly value: ProfileValue; readonly count: number }[] = [];
  #distinct = 0;
  #seen = 0;
  #min: ProfileValue | undefined;
  #max: ProfileValue | undefined;
  // Sums of powers of the distances from the mean, brought forward value by value (Pébay 2008, equations 2.1 and 3.1).
  #mean = 0;
  #m2 = 0;
  #m3 = 0;
  #m4 = 0;

  constructor({ present, low, high }: Ends) {
    this.#present = present;
    this.#low = low;
    this.#width = high - low;
  }

  /** @param written the i-th value as it is recorded */
  add(values: Float64Array, counts: Float64Array, rows: number, written: (i: number) => ProfileValue): void {
    if (rows === 0) return;
    this.#min ??= written(0);
    this.#max = written(rows - 1);
    this.#distinct += rows;
    for (let i = 0; i < rows; i += 1) {
      const count = counts[i]!;
      this.#addMoments(values[i]!, count);
      this.#addBin(values[i]!, count);
      this.#seen += count;
      while (this.#quantiles.length < PERCENTS.length && this.#rank(PERCENTS[this.#quantiles.length]!) < this.#seen)
        this.#quantiles.push(written(i));
      if (this.#top.length < TOP || count > this.#top.at(-1)!.count) this.#addTop(written(i), count);
    }
  }

  get distinct(): number {
    return this.#distinct;
  }

  /** Of equally frequent values those that came first. */
  get top(): ColumnProfile['top'] {
    return this.#top.map(({ value, count }) => ({ value: String(value), count }));
  }

  /** Undefined without values, or where a sum is beyond a double's range. */
  get moments(): ProfileMoments | undefined {
    if (this.#seen === 0 || !Number.isFinite(this.#m4)) return undefined;
    const variance = this.#m2 / this.#seen;
    const flat = variance === 0;
    return {
      mean: this.#mean,
      deviation: Math.sqrt(variance),
      skewness: flat ? 0 : this.#m3 / this.#seen / (variance * Math.sqrt(variance)),
      excessKurtosis: flat ? 0 : this.#m4 / this.#seen / (variance * variance) - 3,
    };
  }

  get spread(): ProfileSpread | undefined {
    if (this.#min === undefined) return undefined;
    const quantiles = PERCENTS.map((percent, i) => [String(percent / 100), this.#quantiles[i]!] as const);
    return {
      min: this.#min,
      max: this.#max!,
      quantiles: Object.fromEntries(quantiles),
      ...(this.#hasBins() ? { histogram: this.#bins } : {}),
    };
  }

  #hasBins(): boolean {
    return this.#width > 0 && Number.isFinite(this.#width);
  }

  #addBin(value: number, count: number): void {
    if (!this.#hasBins()) return;
    this.#bins[Math.min(BINS - 1, Math.floor(((value - this.#low) / this.#width) * BINS))]! += count;
  }

  #addTop(value: ProfileValue, count: number): void {
    const at = this.#top.findIndex((one) => one.count < count);
    this.#top.splice(at < 0 ? this.#top.length : at, 0, { value, count });
    this.#top = this.#top.slice(0, TOP);
  }

  #addMoments(value: number, count: number): void {
    const before = this.#seen;
    const n = before + count;
    const delta = value - this.#mean;
    const step = (delta * count) / n;
    const pairs = delta * step * before;
    this.#m4 +=
      pairs * ((delta * delta * (before * before - before * count + count * count)) / (n * n)) +
      6 * step * step * this.#m2 -
      4 * step * this.#m3;
    this.#m3 += (pairs * delta * (before - count)) / n - 3 * step * this.#m2;
    this.#m2 += pairs;
    this.#mean += step;
  }

  /** From 0: the value with at least that share at or below it. */
  #rank(percent: number): number {
    return Math.max(0, Math.ceil((percent * this.#present) / 100) - 1);
  }
}
