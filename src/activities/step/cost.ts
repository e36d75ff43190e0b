/** What a step costs, gathered from whoever works for it while it runs. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import type { JobCost } from '../../domain/job';
import type { StepCost } from '../../domain/records';
import type { ArtifactRef, Digest } from '../../domain/refs';

interface Gathered {
  cpuSeconds: number;
  peakBytes: number;
  bytesIn: number;
  readonly artifacts: Set<Digest>;
}

const gathering = new AsyncLocalStorage<Gathered>();

/** What has come together so far; `bytesOut` is what the step writes. */
export type CostSoFar = (bytesOut: number) => StepCost;

/** What is counted inside `work`, whichever part of it counts, belongs to this step. */
export async function costing<T>(work: (cost: CostSoFar) => Promise<T>): Promise<T> {
  const gathered: Gathered = { cpuSeconds: 0, peakBytes: 0, bytesIn: 0, artifacts: new Set() };
  const waitedSeconds = waitedFor();
  return gathering.run(gathered, () =>
    work((bytesOut) => {
      const { artifacts: _, ...sums } = gathered;
      return { ...sums, bytesOut, waitedSeconds };
    })
  );
}

/** A compute child has ended its job. */
export function countJob({ cpuSeconds, peakBytes }: JobCost): void {
  const now = gathering.getStore();
  if (now === undefined) return;
  now.cpuSeconds += cpuSeconds;
  now.peakBytes = Math.max(now.peakBytes, peakBytes);
}

/** An artifact that the step reads, downloaded or not; it counts once. */
export function countArtifact({ digest, bytes }: Pick<ArtifactRef, 'digest' | 'bytes'>): void {
  const now = gathering.getStore();
  if (now === undefined || now.artifacts.has(digest)) return;
  now.artifacts.add(digest);
  now.bytesIn += bytes;
}

/** Files of a source that the step reads. */
export function countRead(bytes: number): void {
  const now = gathering.getStore();
  if (now !== undefined) now.bytesIn += bytes;
}

/** From when Temporal could hand this attempt out until a worker took it; 0 where none did. */
function waitedFor(): number {
  const info = contextInfo();
  if (info === undefined) return 0;
  return Math.max(0, (Date.now() - info.currentAttemptScheduledTimestampMs) / 1000);
}

function contextInfo(): Context['info'] | undefined {
  try {
    return Context.current().info;
  } catch {
    // A step may run outside of an activity, as tests of stores do.
    return undefined;
  }
}
