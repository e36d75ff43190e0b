/** What people read, on standard error. */
import { inColumns } from '../columns';
import type { BenchResult } from '../result';

export interface AimedPoint {
  readonly name: string;
  /** How many times FastAPI's throughput. */
  readonly aim: number;
}

/** A line for each point: everybody's requests per second, and our part of FastAPI's beside the aim. */
export function tableOf({ ours, peers, ratio, untilStored }: BenchResult, points: readonly AimedPoint[]): string {
  const names = [...new Set(Object.keys(peers).map((name) => name.split(' ')[0] ?? ''))];
  const heads = ['point', 'ours', 'ours until stored', ...names, 'times fastapi', 'aim'];
  const lines = points.map(({ name, aim }) => [
    name,
    figure(ours, name),
    figure(untilStored?.ours, name),
    ...names.map((peer) => figure(peers, `${peer} ${name}`)),
    figure(ratio, `fastapi ${name}`),
    String(aim),
  ]);
  return inColumns([heads, ...lines]);
}

function figure(figures: BenchResult['ours'] | undefined, name: string): string {
  return String(typeof figures === 'object' ? (figures[name] ?? '') : '');
}
