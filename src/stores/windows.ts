/** Judged windows: facts; revision 0 is the verdict, later ones are corrections. */
import type { Fact } from '../domain/records';
import { facts, type Store } from './mongo';

/** Verdicts by event time. @param range of the windows' start: `from` included, `before` not */
export function verdictsOf(
  store: Store,
  endpoint: string,
  range: { readonly from?: string; readonly before?: string } = {}
): AsyncIterable<Fact<'window'>> {
  const starts = {
    ...(range.from === undefined ? {} : { $gte: range.from }),
    ...(range.before === undefined ? {} : { $lt: range.before }),
  };
  const within = Object.keys(starts).length === 0 ? {} : { 'body.period.from': starts };
  return facts(store, 'window')
    .find({ 'body.endpoint': endpoint, 'body.revision': 0, ...within } as never)
    .sort({ 'body.period.from': 1 });
}

/** Verdicts before the window that begins there, oldest first: the last `count`, and all earlier ones that fired a trigger. */
export async function verdictsBefore(
  store: Store,
  endpoint: string,
  from: string,
  count: number
): Promise<Fact<'window'>[]> {
  const earlier = { 'body.endpoint': endpoint, 'body.revision': 0, 'body.period.from': { $lt: from } };
  const last = await facts(store, 'window')
    .find(earlier as never)
    .sort({ 'body.period.from': -1 })
    .limit(count)
    .toArray();
  const first = last.at(-1)?.body.period.from;
  if (last.length < count || first === undefined) return last.reverse();
  const fired = await facts(store, 'window')
    .find({ ...earlier, 'body.period.from': { $lt: first }, 'body.triggers.outcome': 'fired' } as never)
    .sort({ 'body.period.from': 1 })
    .toArray();
  return [...fired, ...last.reverse()];
}

/** The window's last revision; null before its verdict. */
export async function lastRevision(store: Store, endpoint: string, from: string): Promise<Fact<'window'> | null> {
  return facts(store, 'window')
    .find({ 'body.endpoint': endpoint, 'body.period.from': from } as never)
    .sort({ 'body.revision': -1 })
    .limit(1)
    .next();
}

/** The verdict of the last window that begins before this event time. */
export function verdictBefore(store: Store, endpoint: string, time: string): Promise<Fact<'window'> | null> {
  return nearest(store, endpoint, -1, { $lt: time });
}

/** The verdict of the window that this event time falls into, or else of the last one before. */
export function verdictUpTo(store: Store, endpoint: string, time: string): Promise<Fact<'window'> | null> {
  return nearest(store, endpoint, -1, { $lte: time });
}

/** The verdict of the first window that begins there or later. */
export function verdictFrom(store: Store, endpoint: string, time: string): Promise<Fact<'window'> | null> {
  return nearest(store, endpoint, 1, { $gte: time });
}

/** The verdict of the latest window. */
export function lastVerdict(store: Store, endpoint: string): Promise<Fact<'window'> | null> {
  return nearest(store, endpoint, -1);
}

type Starts = { readonly $lt: string } | { readonly $lte: string } | { readonly $gte: string };

/** Of the windows that begin within the range, the first (1) or the last (-1). */
function nearest(store: Store, endpoint: string, order: 1 | -1, starts?: Starts): Promise<Fact<'window'> | null> {
  const within = starts === undefined ? {} : { 'body.period.from': starts };
  return facts(store, 'window')
    .find({ 'body.endpoint': endpoint, 'body.revision': 0, ...within } as never)
    .sort({ 'body.period.from': order })
    .limit(1)
    .next();
}

/** Verdicts that triggered something, by event time. */
export async function triggeringWindows(store: Store, endpoint?: string): Promise<Fact<'window'>[]> {
  const ofEndpoint = endpoint === undefined ? {} : { 'body.endpoint': endpoint };
  return facts(store, 'window')
    .find({ ...ofEndpoint, 'body.revision': 0, 'body.triggers.0': { $exists: true } } as never)
    .sort({ 'body.period.from': 1 })
    .toArray();
}
