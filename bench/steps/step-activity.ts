/** The step under test: the product's own door, on the real stores, with a peer's work inside. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '@temporalio/activity';
import { alive } from '../../src/activities/step/heartbeat';
import type { ActivityDeps } from '../../src/activities/deps';
import { runStep } from '../../src/activities/step/step';
import { digestOf } from '../../src/runtime/digest';
import type { Ref } from '../../src/domain/refs';
import { KILLED_STEP } from './events';

const BYTES = 64 * 1024;

export interface BenchStep {
  /** Makes every key of a pipeline new, or finds one again. */
  readonly salt: string;
  readonly step: number;
  /** The step before, whose bytes this one reads. */
  readonly before?: Ref<'labelSet'>;
}

export interface StepDone {
  readonly ref: Ref<'labelSet'>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds within the activity. */
  readonly body: number;
  readonly reused: boolean;
}

/** @param hang a file that the first to reach the killed step leaves, and then stays there until it is killed */
export function stepActivities(deps: ActivityDeps, events: string, hang: string | undefined) {
  const note = (kind: string, step: number): void => appendFileSync(events, `${Date.now() / 1000} ${kind} ${step}\n`);

  /** The step before's 64 KB, got and checked; the first one makes its own. */
  async function bytesBefore({ salt, before }: BenchStep, folder: string): Promise<Buffer> {
    if (before === undefined) return shaken(salt);
    const stores = await deps.stores();
    const [artifact] = (await stores.facts.get(before)).artifacts;
    const path = join(folder, 'before.bin');
    await stores.artifacts.download(artifact!.digest, path);
    return readFile(path);
  }

  async function work(step: number, data: Buffer): Promise<Buffer> {
    const hangs = hang !== undefined && step === KILLED_STEP && !existsSync(hang);
    if (hangs) writeFileSync(hang, '');
    note('start', step);
    if (hangs) await sleep('1 hour');
    const out = shaken(data);
    note('end', step);
    return out;
  }

  async function benchStep(input: BenchStep): Promise<StepDone> {
    const { salt, step, before } = input;
    const startedAt = Date.now();
    const began = performance.now();
    let reused = true;
    const ref = await runStep(
      deps,
      { kind: 'labelSet', name: 'bench', version: '1', params: { salt, step }, inputs: before ? [before] : [] },
      async ({ folder }) => {
        reused = false;
        const path = join(folder, 'out.bin');
        await writeFile(path, await work(step, await bytesBefore(input, folder)));
        return {
          files: [{ name: 'out', path, mediaType: 'application/octet-stream' }],
          body: () => ({
            label: 'bench',
            labelVersion: step,
            snapshot: { kind: 'snapshot', id: salt, digest: digestOf(salt) },
            shards: [],
            counts: {},
          }),
        };
      }
    );
    return { ref, startedAt, body: performance.now() - began, reused };
  }

  // As the product's own: a heartbeat twice a second.
  return alive({ benchStep });
}

/** The peers' work, too: bytes in, other bytes out. */
function shaken(data: string | Buffer): Buffer {
  return createHash('shake256', { outputLength: BYTES }).update(data).digest();
}
