/** A benchmark's last line, which machines read. */
import { median, medianRatio } from './spread';

export interface BenchResult {
  readonly bench: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** The median over the rounds; by point where a bench measures several. */
  readonly ours: number | Readonly<Record<string, number>>;
  readonly peers: Readonly<Record<string, number>>;
  /** How many times better than the peer we are: the median over the rounds' own ratios. */
  readonly ratio: Readonly<Record<string, number>>;
  /** In words; `met` is whether it holds, before figures are rounded. */
  readonly aim: string;
  readonly met: boolean;
  readonly runs: number;
  /** Where records are kept beside the work: the same, over the time until the last of them is stored. */
  readonly untilStored?: Pick<BenchResult, 'ours' | 'ratio' | 'met'>;
  /** One-minute load average at the start; above 1 the figures are of a busy machine. */
  readonly load: number;
  /** Further figures, by name. */
  readonly further?: Readonly<Record<string, number>>;
}

export interface Measured {
  readonly bench: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly aim: string;
  /** One figure a round. */
  readonly ours: readonly number[];
  /** The same rounds, in the same order. */
  readonly peers: ReadonlyMap<string, readonly number[]>;
  readonly load: number;
  readonly holds: (ours: number, ratio: Readonly<Record<string, number>>) => boolean;
}

export function resultOf({ bench, unit, better, aim, ours, peers, load, holds }: Measured): BenchResult {
  const ratio = mapped(peers, (values) => (better === 'lower' ? medianRatio(values, ours) : medianRatio(ours, values)));
  return {
    bench,
    unit,
    better,
    ours: rounded(median(ours)),
    peers: mapped(peers, (values) => rounded(median(values))),
    ratio: Object.fromEntries(Object.entries(ratio).map(([name, value]) => [name, rounded(value)])),
    aim,
    met: holds(median(ours), ratio),
    runs: ours.length,
    load: rounded(load),
  };
}

function mapped(
  peers: ReadonlyMap<string, readonly number[]>,
  figure: (values: readonly number[]) => number
): Readonly<Record<string, number>> {
  return Object.fromEntries([...peers].map(([name, values]) => [name, figure(values)]));
}

/** Three digits are all that a shared machine's figures can carry. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

export interface MeasuredPoints {
  readonly bench: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly aim: string;
  /** `ours` and each peer → point → one figure a round. */
  readonly figures: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  readonly load: number;
  readonly holds: (ratio: Readonly<Record<string, number>>) => boolean;
}

/** For a bench that measures several points: peers and ratios by `<peer> <point>`. */
export function resultsOf({ figures, holds, load, ...words }: MeasuredPoints): BenchResult {
  const ours = figures.get('ours') ?? new Map<string, readonly number[]>();
  const others = [...figures].flatMap(([name, points]) =>
    name === 'ours' ? [] : [...points].map(([point, values]) => ({ name: `${name} ${point}`, point, values }))
  );
  const times = (mine: readonly number[], theirs: readonly number[]) =>
    words.better === 'lower' ? medianRatio(theirs, mine) : medianRatio(mine, theirs);
  const ratios = others.map(({ name, point, values }) => [name, times(ours.get(point) ?? [], values)] as const);
  return {
    ...words,
    ours: mapped(ours, (values) => rounded(median(values))),
    peers: Object.fromEntries(others.map(({ name, values }) => [name, rounded(median(values))])),
    ratio: Object.fromEntries(ratios.map(([name, ratio]) => [name, rounded(ratio)])),
    met: holds(Object.fromEntries(ratios)),
    runs: [...ours.values()][0]?.length ?? 0,
    load: rounded(load),
  };
}
