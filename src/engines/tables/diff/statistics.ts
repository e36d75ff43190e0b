/** Figures of the columns' profiles side by side. A profile is of the batch that a snapshot ends with. */
import type { ColumnProfile, Profile } from '../../../domain/profile';

export type Figure = number | string;

/** Figures of a column by name: `mean`, `missing`, `p50`, … */
export type Figures = Readonly<Record<string, Figure>>;

export interface FigureChange {
  readonly column: string;
  readonly figure: string;
  /** Null where the profile has no such figure. */
  readonly a: Figure | null;
  readonly b: Figure | null;
}

/** What a profile says of each column, without lists of values. */
export function figuresOf(profile: Profile): Readonly<Record<string, Figures>> {
  return Object.fromEntries(Object.entries(profile).map(([name, column]) => [name, figuresOfColumn(column)]));
}

function figuresOfColumn({ present, missing, distinct, moments, spread }: ColumnProfile): Figures {
  const counts = { present, missing, distinct, ...moments };
  if (spread === undefined) return counts;
  const quantiles = Object.entries(spread.quantiles).map(([share, value]) => [`quantile ${share}`, value] as const);
  return { ...counts, min: spread.min, max: spread.max, ...Object.fromEntries(quantiles) };
}

/** What may be said of a private column. */
const COUNTS: readonly string[] = ['present', 'missing', 'distinct'];

/** Those that differ, by column and figure in the order of the first profile that has them. */
export function figureChanges(a: Profile, b: Profile, privacy: readonly string[]): readonly FigureChange[] {
  const [ofA, ofB] = [figuresOf(a), figuresOf(b)];
  return union(ofA, ofB).flatMap((column) => {
    const [before, after] = [ofA[column] ?? {}, ofB[column] ?? {}];
    return union(before, after)
      .filter((figure) => !privacy.includes(column) || COUNTS.includes(figure))
      .map((figure) => ({ column, figure, a: before[figure] ?? null, b: after[figure] ?? null }))
      .filter((change) => change.a !== change.b);
  });
}

function union(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
