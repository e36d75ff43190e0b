/** How far an endpoint's event time has come, and what it waits for. */
import { CLOCK_AGREEMENT } from '../domain/endpoint';
import type { EndpointDocument } from '../domain/endpoint';
import { PROJECT_NAME } from '../domain/ids';
import { firstWindow, isCounted, periodOf, type TimeRange } from '../domain/period';
import { countConflicts } from '../stores/conflicts';
import { countedEnd } from '../stores/counted-windows';
import { findClock, shownClock } from '../stores/clocks';
import { findEndpoint } from '../stores/endpoints';
import { countWithoutEventTime, nextPredicted } from '../stores/predictions';
import { allReplicas } from '../stores/replicas';
import { countUnmatched } from '../stores/truths';
import { lastVerdict } from '../stores/windows';
import type { ReplicaRecord } from './kinds';
import { withLiveness } from './list';
import type { RecordStores } from './stores';

export interface EventClockRecord {
  readonly endpoint: string;
  /** The highest event time that was shipped, ISO-8601; absent before the first. */
  readonly at?: string;
  /** The last time a person set it. */
  readonly set?: { readonly epoch: number; readonly at: string };
  /** Why it may stand still, in words. */
  readonly waits?: string;
  /** The next window, where event time is past all that it was to wait for. */
  readonly overdue?: TimeRange;
  /** Predictions that are in no window, since their requests had no event time. */
  readonly withoutEventTime: number;
  /** Truths that match no prediction, or contradict one. */
  readonly unmatchedTruths: number;
  /** Predictions with other inputs under the id of one that is stored. */
  readonly conflictingPredictions: number;
  readonly replicas: readonly ReplicaRecord[];
}

export async function eventClock(stores: RecordStores, endpoint: string): Promise<EventClockRecord> {
  if (!PROJECT_NAME.test(endpoint))
    return { endpoint, withoutEventTime: 0, unmatchedTruths: 0, conflictingPredictions: 0, replicas: [] };
  const [document, clock, all, withoutEventTime, unmatchedTruths, conflicts] = await Promise.all([
    findEndpoint(stores, endpoint),
    findClock(stores, endpoint),
    allReplicas(stores),
    countWithoutEventTime(stores, endpoint),
    countUnmatched(stores, endpoint),
    countConflicts(stores, endpoint),
  ]);
  const replicas = await withLiveness(
    stores,
    all.filter((replica) => replica.endpoint === endpoint)
  );
  const set = document?.clock;
  const highest = shownClock(set, clock)?.highest.toISOString();
  const waits = waitsFor(endpoint, replicas);
  const overdue = highest === undefined || document === null ? undefined : await overdueAt(stores, document, highest);
  return {
    endpoint,
    ...(highest === undefined ? {} : { at: highest }),
    ...(set === undefined ? {} : { set }),
    ...(waits === undefined ? {} : { waits }),
    ...(overdue === undefined ? {} : { overdue }),
    withoutEventTime,
    unmatchedTruths,
    conflictingPredictions: conflicts,
    replicas,
  };
}

async function overdueAt(
  stores: RecordStores,
  endpoint: EndpointDocument,
  highest: string
): Promise<TimeRange | undefined> {
  const { _id, watch } = endpoint;
  const from = (await lastVerdict(stores, _id))?.body.period.to ?? (await firstWatched(stores, endpoint));
  if (from === undefined) return undefined;
  const asked = await nextPredicted(stores, _id, from);
  if (asked === undefined) return undefined;
  const watermark = new Date(Date.parse(highest) - watch.allowedLatenessMs);
  const window = await windowAt(stores, endpoint, { from, asked: asked.toISOString(), watermark });
  if (window === undefined) return undefined;
  const dueAt = Date.parse(window.to) + watch.truthDelayMs + watch.allowedLatenessMs;
  return Date.parse(highest) >= dueAt ? window : undefined;
}

/** By count it may have no end yet. */
async function windowAt(
  stores: RecordStores,
  { _id, watch }: EndpointDocument,
  { from, asked, watermark }: { readonly from: string; readonly asked: string; readonly watermark: Date }
): Promise<TimeRange | undefined> {
  const { period } = watch;
  if (!isCounted(period)) return periodOf(period, asked);
  const to = await countedEnd(stores, _id, { from, rows: period.rows, watermark });
  return to === undefined ? undefined : { from, to };
}

/** Where a monitor begins: with the window in which the version's training data ends. */
async function firstWatched(stores: RecordStores, { champion, watch }: EndpointDocument): Promise<string | undefined> {
  if (champion === undefined) return undefined;
  const version = await stores.facts.find('version', champion.version);
  return version === null ? undefined : firstWindow(watch.period, version.body.split.knownBy);
}

function waitsFor(endpoint: string, replicas: readonly ReplicaRecord[]): string | undefined {
  const live = replicas.filter((replica) => replica.live);
  if (live.length === 0) return `a replica: none is live (mlops serve ${endpoint})`;
  const [most] = live.flatMap(({ ahead }) => ahead ?? []).sort((one, other) => other.count - one.count);
  if (most === undefined) return undefined;
  const time = most.lowest.toISOString();
  return `${CLOCK_AGREEMENT} that agree: ${most.count} came at ${time}, far ahead. If that is right: mlops clock ${endpoint} --set ${time}`;
}
