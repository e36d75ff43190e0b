/**
 * Rows of a window whose value the reference lacks, and how many of them there are by chance. A column of ids has
 * nothing but unseen values without any change; a column of three sites has none.
 */
import { logAllInWindow } from './hypergeometric';

export interface Unseen {
  readonly rows: number;
  /** Rows under no change. */
  readonly expected: number;
  /** Not below P(as many or more) under no change. */
  readonly pValue: number;
}

/** Rows with a value, without missing ones. */
export interface Sizes {
  readonly window: number;
  readonly reference: number;
}

export const NONE_UNSEEN: Unseen = { rows: 0, expected: 0, pValue: 1 };

/**
 * A number is outside the range of the reference. The window holds the k largest of all rows with the probability of
 * `logAllInWindow` (the law of exceedances: Gumbel & von Schelling 1950), and k rows may lie on two sides in k + 1 ways.
 */
export function outsideRange(rows: number, { window, reference }: Sizes): Unseen {
  const pValue = Math.min(1, (rows + 1) * Math.exp(logAllInWindow({ of: rows, window, reference })));
  return { rows, expected: (2 * window) / (reference + 1), pValue };
}

/**
 * A category is unseen when the window holds all of its rows. Those events of different categories are negatively
 * associated (Joag-Dev & Proschan 1983), so Chernoff's bound holds as for independent ones (Dubhashi & Ranjan 1998):
 * P(as many) <= min over t of e^(−t · rows) Π (1 − h + h e^(t N)), for N rows of a category in both and h the probability
 * that the window holds all of them.
 * @param totals rows of each category in window and reference together, each over 0
 */
export function unseenCategories(rows: number, totals: readonly number[], sizes: Sizes): Unseen {
  const categories = groupsOf(totals, sizes);
  let expected = 0;
  for (const { categories: count, rows: n, logit } of categories) expected += count * n * logistic(logit);
  if (rows <= expected) return { rows, expected, pValue: 1 };
  const tilt = tiltFor(rows, categories);
  let log = -tilt * rows;
  for (const { categories: count, rows: n, logit } of categories) {
    log += count * (softplus(logit + tilt * n) - softplus(logit));
  }
  return { rows, expected, pValue: Math.min(1, Math.exp(log)) };
}

/** Categories with equally many rows. */
interface Group {
  readonly categories: number;
  readonly rows: number;
  /** ln(h / (1 − h)) */
  readonly logit: number;
}

function groupsOf(totals: readonly number[], sizes: Sizes): readonly Group[] {
  const counts = new Map<number, number>();
  for (const total of totals) counts.set(total, (counts.get(total) ?? 0) + 1);
  return [...counts].flatMap(([rows, categories]) => {
    const log = logAllInWindow({ of: rows, ...sizes });
    return log === Number.NEGATIVE_INFINITY ? [] : [{ categories, rows, logit: log - Math.log(-Math.expm1(log)) }];
  });
}

const STEPS = 60;
const MAX_TILT = 1e6;

/** t at which the tilted categories lead to expect `rows` unseen ones: where the bound is least. */
function tiltFor(rows: number, groups: readonly Group[]): number {
  const expectedAt = (tilt: number) =>
    groups.reduce((sum, { categories, rows: n, logit }) => sum + categories * n * logistic(logit + tilt * n), 0);
  let low = 0;
  let high = 1;
  while (expectedAt(high) < rows && high < MAX_TILT) high *= 2;
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (expectedAt(middle) < rows) low = middle;
    else high = middle;
  }
  return low;
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** ln(1 + e^x) */
function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
