/** Judges a window: its numbers, what they trigger, one record. */
import { crashPoint } from '../../runtime/crash-points';
import { digestOf } from '../../runtime/digest';
import type { WindowBody } from '../../domain/monitoring';
import { RECENT_WINDOWS, triggersOf } from '../../domain/triggers';
import { windowId } from '../../domain/ids';
import type { Stores } from '../../stores/connect';
import { verdictsBefore } from '../../stores/windows';
import type { ActivityDeps } from '../deps';
import { inAttemptFolder } from '../step/attempt-folder';
import { atEpoch } from './correct-window';
import { definitionFor, type Due, type OfWindow, onlyWhenDue } from './due';
import { judgeRows } from './window-numbers';

/** `past`: windows after it are judged already, so it triggers nothing. */
export interface Judging {
  readonly due: Due;
  readonly clockEpoch: number;
  readonly past?: boolean;
}

/**
 * The verdict on a window, recorded once.
 * @throws MlopsError MLOPS_NOT_AUTHORIZED before it is due, or by another project's definition
 */
export async function judgeWindow(
  deps: ActivityDeps,
  stores: Stores,
  judged: OfWindow,
  { due, clockEpoch, past = false }: Judging
): Promise<WindowBody> {
  const { project, definition: definitionRef, period } = judged;
  const definition = await definitionFor(stores, judged);
  const { asOf } = due;
  const { version, numbers } = await inAttemptFolder(deps.workFolder, 'window', (folder) =>
    judgeRows(deps, stores, { project, definition, period, asOf, folder })
  );
  const window = {
    endpoint: project,
    period,
    revision: 0,
    definition: definitionRef,
    asOf,
    ...atEpoch(clockEpoch),
    ...numbers,
  };
  const before = past ? [] : await verdictsBefore(stores, project, period.from, RECENT_WINDOWS);
  const earlier = before.map((verdict) => verdict.body);
  const body: WindowBody = { ...window, triggers: past ? [] : triggersOf(definition.triggers, earlier, window) };
  const id = windowId(project, period.from, 0);
  const { fact } = await stores.facts.commit(
    {
      _id: id,
      kind: 'window',
      digest: digestOf(body),
      inputs: version === undefined ? [definitionRef] : [version, definitionRef],
      artifacts: [],
      body,
    },
    {
      also: onlyWhenDue(stores, project, due),
      ...(body.triggers.length === 0
        ? {}
        : {
            audit: {
              id: `window ${id}`,
              project,
              what: 'window triggered',
              by: 'temporal-mlops',
              detail: { window: id, asOf, triggers: body.triggers },
            },
          }),
    }
  );
  crashPoint('window:committed');
  return fact.body;
}
