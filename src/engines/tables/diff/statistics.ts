/** Figures of the columns' profiles side by side. A profile is of the batch that a snapshot ends with. */
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

/** Of a snapshot's body: what it says of each column, without lists of values. */
export function figuresOf(profile: unknown): Readonly<Record<string, Figures>> {
  const columns = Object.entries((profile ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(columns.map(([name, column]) => [name, Object.fromEntries(flat('', column))]));
}

function flat(prefix: string, value: unknown): readonly (readonly [string, Figure])[] {
  if (typeof value === 'number' || typeof value === 'string') return prefix === 'type' ? [] : [[prefix, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => flat(prefix === '' ? name : `${prefix} ${name}`, one));
}

/** What may be said of a private column. */
const COUNTS: readonly string[] = ['present', 'missing', 'distinct'];

/** Those that differ, by column and figure in the order of the first profile that has them. */
export function figureChanges(a: unknown, b: unknown, privacy: readonly string[]): readonly FigureChange[] {
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
