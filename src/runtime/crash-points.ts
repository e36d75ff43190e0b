/**
 * Places at which a worker may be killed, by name. The list is what the durability tests walk through: with
 * MLOPS_CRASH_AT=`<point>` (or `<point>#<n>` for its n-th time) the process kills itself there, hard.
 */
export const CRASH_POINTS = [
  'step:looked-up',
  'step:computed',
  'artifact:pinned',
  'step:artifacts-put',
  'step:committed',
  'train:mid-epoch',
  'train:checkpoint-saved',
  'trial:rung-judged',
  'trial:fold-judged',
  'trial:judged',
  'trial:recorded',
  'version:registered',
  'request:opened',
  'decision:recorded',
  'request:closed',
  'rollout:begun',
  'rollout:step-taken',
  'rollout:finished',
  'window:committed',
  'cycle:written',
  'audit:appended',
  'housekeeping:marked',
  'housekeeping:condemned',
  'housekeeping:object-removed',
  'housekeeping:taken',
  'housekeeping:recorded',
  'view:batch-written',
  'view:completed',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

const seen = new Map<CrashPoint, number>();

/** Nothing at all, unless this very point was asked for. */
export function crashPoint(point: CrashPoint): void {
  const wanted = process.env.MLOPS_CRASH_AT;
  if (wanted === undefined) return;
  const count = (seen.get(point) ?? 0) + 1;
  seen.set(point, count);
  if (wanted === point || wanted === `${point}#${count}`) process.kill(process.pid, 'SIGKILL');
}
