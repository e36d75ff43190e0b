/**
 * Minimises f(θ) + l1 Σ |θⱼ| for a convex f: L-BFGS (Liu and Nocedal, 1989), and with an l1 the orthant-wise form of it, OWL-QN (Andrew and
 * Gao, 2007), which sets weights to exactly 0. Each parameter is measured by its own curvature, so that a column's unit hardly matters.
 */

export interface Problem<P extends Position> {
  /** f and its gradient. */
  readonly at: (parameters: Float64Array) => Promise<P>;
  readonly l1: number;
  /** Parameters with the penalty: the first ones. */
  readonly penalized: number;
  /** [parameters], all above 0. */
  readonly curvature: Float64Array;
}

export interface Position {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Point<P extends Position> {
  readonly parameters: Float64Array;
  readonly position: P;
}

/** A step that was taken: how parameters and gradient changed by it. */
export interface Pair {
  readonly change: Float64Array;
  readonly bend: Float64Array;
}

/** Pairs that are remembered. */
const MEMORY = 10;
const HALVINGS = 40;
/** Share of the slope's promise that a step keeps. */
const SUFFICIENT = 1e-4;

/** The least steep of f's and the penalty's slopes: 0 where no direction leads down. */
export function slopes<P extends Position>(problem: Problem<P>, { parameters, position }: Point<P>): Float64Array {
  const { l1, penalized } = problem;
  return position.gradient.map((slope, i) => {
    if (i >= penalized || l1 === 0) return slope;
    if (parameters[i] !== 0) return slope + l1 * Math.sign(parameters[i]!);
    return Math.sign(slope) * Math.max(0, Math.abs(slope) - l1);
  });
}

/** The steepest slope, each in units of its parameter's curvature. */
export function steepest({ curvature }: { readonly curvature: Float64Array }, slope: Float64Array): number {
  return slope.reduce((most, each, i) => Math.max(most, Math.abs(each) / Math.sqrt(curvature[i]!)), 0);
}

/** The next point and the pairs that are remembered there, oldest first; undefined where no lower point is found. */
export async function nextPoint<P extends Position>(
  problem: Problem<P>,
  point: Point<P>,
  pairs: readonly Pair[]
): Promise<{ readonly point: Point<P>; readonly pairs: readonly Pair[] } | undefined> {
  const slope = slopes(problem, point);
  const found = await lowerPoint(problem, point, slope, direction(problem, slope, pairs));
  if (found === undefined) return pairs.length === 0 ? undefined : nextPoint(problem, point, []);
  const pair = {
    change: difference(found.parameters, point.parameters),
    bend: difference(found.position.gradient, point.position.gradient),
  };
  // Convex: 0 only where f is a line, or by rounding.
  const kept = dot(pair.change, pair.bend) > 0 ? [...pairs, pair].slice(-MEMORY) : pairs;
  return { point: found, pairs: kept };
}

/** −H slope, where H is what the pairs know of the inverse of f's second derivative (Nocedal and Wright, 2006, algorithm 7.4). */
function direction<P extends Position>(
  { l1, penalized, curvature }: Problem<P>,
  slope: Float64Array,
  pairs: readonly Pair[]
): Float64Array {
  const way = slope.map((each) => -each);
  const shares = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i -= 1) {
    const { change, bend } = pairs[i]!;
    shares[i] = dot(change, way) / dot(change, bend);
    addTo(way, bend, -shares[i]!);
  }
  const scale = scaleOf(pairs.at(-1), curvature);
  for (let i = 0; i < way.length; i += 1) way[i]! *= scale / curvature[i]!;
  pairs.forEach(({ change, bend }, i) => addTo(way, change, shares[i]! - dot(bend, way) / dot(change, bend)));
  // Along the penalised ones no way but down.
  if (l1 > 0) for (let i = 0; i < penalized; i += 1) if (way[i]! * slope[i]! >= 0) way[i] = 0;
  return way;
}

function scaleOf(newest: Pair | undefined, curvature: Float64Array): number {
  if (newest === undefined) return 1;
  const measured = newest.bend.reduce((sum, each, i) => sum + (each * each) / curvature[i]!, 0);
  return dot(newest.change, newest.bend) / measured;
}

/** Along the way, halved until the value falls enough; a penalised parameter stops at 0 instead of changing its sign. */
async function lowerPoint<P extends Position>(
  problem: Problem<P>,
  { parameters, position }: Point<P>,
  slope: Float64Array,
  way: Float64Array
): Promise<Point<P> | undefined> {
  const { l1, penalized } = problem;
  const before = total(problem, parameters, position);
  let share = 1;
  for (let i = 0; i < HALVINGS; i += 1, share /= 2) {
    const tried = parameters.map((each, at) => {
      const moved = each + share * way[at]!;
      if (l1 === 0 || at >= penalized) return moved;
      const side = each === 0 ? -Math.sign(slope[at]!) : Math.sign(each);
      return Math.sign(moved) === side ? moved : 0;
    });
    const promised = dot(slope, difference(tried, parameters));
    if (!(promised < 0)) return undefined;
    const reached = await problem.at(tried);
    // Not true of what isn't finite.
    if (total(problem, tried, reached) <= before + SUFFICIENT * promised)
      return { parameters: tried, position: reached };
  }
  return undefined;
}

function total<P extends Position>({ l1, penalized }: Problem<P>, parameters: Float64Array, { value }: P): number {
  if (l1 === 0) return value;
  let sizes = 0;
  for (let i = 0; i < penalized; i += 1) sizes += Math.abs(parameters[i]!);
  return value + l1 * sizes;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((each, i) => each - b[i]!);
}

function addTo(into: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < into.length; i += 1) into[i]! += times * what[i]!;
}
