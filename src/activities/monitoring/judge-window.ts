/** Judges a window: its numbers, what they trigger, one record. */
import { crashPoint } from '../../runtime/crash-points';
import { digestOf } from '../../runtime/digest';
import type { WindowBody } from '../../domain/monitoring';
import type { TimeRange } from '../../domain/period';
import type { Ref } from '../../domain/refs';
import { RECENT_WINDOWS, triggersOf } from '../../domain/triggers';
import { windowId } from '../../domain/ids';
import type { Stores } from '../../stores/connect';
import { verdictsBefore } from '../../stores/windows';
import { notAuthorized } from '../caller';
import { definitionOf } from '../definitions';
import type { ActivityDeps } from '../deps';
import { inAttemptFolder } from '../step/attempt-folder';
import { atEpoch } from './correct-window';
import { judgeRows } from './window-numbers';

export interface OfWindow {
  readonly project: string;
  readonly definition: Ref<'definition'>;
  readonly period: TimeRange;
}

export interface JudgeWindow extends OfWindow {
  readonly asOf: string;
}

/**
 * The verdict on a window, recorded once.
 * @throws MlopsError MLOPS_NOT_AUTHORIZED before the window's end, or by another project's definition
 * @param past windows after it are judged already: it triggers nothing
 */
export async function judgeWindow(
  deps: ActivityDeps,
  stores: Stores,
  { project, definition: definitionRef, period, asOf }: JudgeWindow,
  clockEpoch: number,
  past = false
): Promise<WindowBody> {
  const definition = await definitionOf(stores, definitionRef);
  if (definition.name !== project || !(Date.parse(asOf) >= Date.parse(period.to)))
    throw notAuthorized('A window is judged after its end, by a definition of its project.', { project, asOf });
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
    body.triggers.length === 0
      ? {}
      : {
          audit: {
            id: `window ${id}`,
            project,
            what: 'window triggered',
            by: 'temporal-mlops',
            detail: { window: id, asOf, triggers: body.triggers },
          },
        }
  );
  crashPoint('window:committed');
  return fact.body;
}
