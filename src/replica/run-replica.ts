/**
 * A replica of an endpoint: answers requests, follows the endpoint's document, ships records, reports. Each of the four
 * goes on when the others can't; requests need no server at all.
 */
import { DAY_MS } from '../domain/durations';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ReplicaDocument } from '../domain/endpoint';
import { DEFAULT_LIMITS, type ServeLimits } from '../serve/limits';
import { Predictor } from '../serve/predictor';
import { createInferenceServer } from '../serve/server';
import { Spool } from '../serve/spool';
import { withLimits } from '../runtime/with-limits';
import type { StoreConfig } from '../stores/config';
import { findEndpoint } from '../stores/endpoints';
import { advanceClock, startingClock } from '../stores/clocks';
import { recordWriter } from '../stores/predictions';
import { reportReplica, withdrawReplica } from '../stores/replicas';
import type { EventClockState } from './event-clock';
import { ModelCache } from './model-cache';
import { Problems, type ReplicaLog } from './problems';
import { Reconciler } from './reconcile';
import { type Repeated, repeat } from './repeat';
import { readJson, type ReplicaFolder, takeFolder, writeJson } from './replica-folder';
import { openReplicaStores, type ReplicaStores } from './replica-stores';
import { Shipper } from './ship';
import { viewReader } from './view-reader';
import { type SendSignal, Watermarks } from './watermark';

export interface ReplicaOptions {
  /** The project's name, and the model's in URLs. */
  readonly endpoint: string;
  /** Its name among the endpoint's replicas; the same after a restart. */
  readonly replica: string;
  /** Its own: documents, models and the spool outlive the process there. */
  readonly folder: string;
  readonly stores: StoreConfig;
  /** To a workflow, by the Temporal client. */
  readonly signal: SendSignal;
  readonly log: ReplicaLog;
  readonly release: string;
  /** Default: 127.0.0.1, and a free port. */
  readonly host?: string;
  readonly port?: number;
  /** What others reach it by; default: the address that it listens on. */
  readonly address?: string;
  readonly limits?: Partial<ServeLimits>;
  /** Records that wait for MongoDB; requests are refused above it. Default 1 GiB. */
  readonly spoolBytes?: number;
  /** An event time further ahead than this is set aside. Default 30 days. */
  readonly maxSkewMs?: number;
  /** Without requests for this long it doesn't hold the endpoint's watermark back. Default 10 s. */
  readonly idleMs?: number;
  readonly timing?: Partial<ReplicaTiming>;
}

export interface ReplicaTiming {
  readonly reconcileMs: number;
  readonly shipMs: number;
  readonly reportMs: number;
  /** What closing may take. */
  readonly drainMs: number;
}

export interface Replica {
  readonly address: string;
  /** Stops accepting, answers what is in flight, ships what there is, and ends. */
  close(): Promise<void>;
}

const TIMING: ReplicaTiming = { reconcileMs: 250, shipMs: 50, reportMs: 1_000, drainMs: 10_000 };
const SPOOL_BYTES = 1 << 30;
const MAX_SKEW_MS = 30 * DAY_MS;
const IDLE_MS = 10_000;

/**
 * Resolves when it listens; it serves as soon as a version is loaded, which may have been on disk.
 * @throws MlopsError MLOPS_CONFIGURATION: a limit
 */
export async function runReplica(options: ReplicaOptions): Promise<Replica> {
  const limits = withLimits(DEFAULT_LIMITS, options.limits ?? {});
  const folder = await takeFolder(options.folder);
  const stores = openReplicaStores(options.stores);
  try {
    return await startReplica({ ...options, limits }, folder, stores);
  } catch (error) {
    folder.release();
    await stores.close();
    throw error;
  }
}

async function startReplica(
  options: ReplicaOptions & { readonly limits: ServeLimits },
  folder: ReplicaFolder,
  stores: ReplicaStores
): Promise<Replica> {
  const { endpoint, replica, log, limits } = options;
  const timing = { ...TIMING, ...options.timing };
  const startedAt = new Date();
  let reporting: Repeated | undefined;
  const problems = new Problems(log);
  const spool = new Spool({ folder: folder.spool, maxBytes: options.spoolBytes ?? SPOOL_BYTES });
  const predictor = new Predictor({
    replica,
    spool,
    limits,
    eventTime: () => (shipper.clock.highest === undefined ? undefined : new Date(shipper.clock.highest)),
    readViews: viewReader({
      store: stores,
      readMs: limits.viewReadMs,
      copies: limits.viewCopies,
      onResult: (failure) => problems.note('views', failure),
    }),
  });
  const writer = recordWriter(stores, endpoint);
  const endpointClock = () => startingClock(stores, endpoint);
  const shipper = new Shipper({ spool, writer, maxSkewMs: options.maxSkewMs ?? MAX_SKEW_MS, log, endpointClock });
  const watermarks = new Watermarks({
    stores,
    endpoint,
    replica,
    file: folder.watermarkFile,
    signal: options.signal,
  });
  const cache = new ModelCache(folder.models, stores.artifacts);
  const reconciler = new Reconciler({
    predictor,
    cache,
    file: folder.endpointFile,
    problems,
    log,
    onTaken: () => reporting?.soon(),
  });
  await predictor.recall();
  await reconciler.restore();
  // A candidate must not lose its failures with the process that they may have ended.
  const counted = await readJson<Pick<ReplicaDocument, 'counts'> & { step?: string }>(folder.countsFile);
  if (counted?.step !== undefined && counted.step === predictor.serving?.step) predictor.countOn(counted.counts);

  // As many as there are codes, whatever callers send.
  const refused: Record<string, number> = {};
  const server = createInferenceServer({
    model: endpoint,
    predictor,
    limits,
    release: options.release,
    ...(options.address === undefined ? {} : { address: options.address }),
    onRefused: (code) => {
      refused[code] = (refused[code] ?? 0) + 1;
    },
    onFailure: (error) => log.error({ error }, 'a request failed'),
  });
  await server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  const address = options.address ?? addressOf(server.server.address() as AddressInfo);
  log.info({ endpoint, replica, address, revision: reconciler.taken?.revision }, 'listens');

  const idleMs = options.idleMs ?? IDLE_MS;
  const isIdle = () => spool.empty && Date.now() - Math.max(predictor.lastRequestAt, startedAt.getTime()) >= idleMs;
  let advanced = '';
  const advance = async ({ epoch, highest }: EventClockState) => {
    const reading = `${epoch} ${highest}`;
    if (highest === undefined || reading === advanced) return;
    const clock = await advanceClock(stores, endpoint, { epoch, highest: new Date(highest) });
    shipper.share({ epoch: clock.epoch, highest: clock.highest.getTime() });
    advanced = reading;
  };
  const report = async () => {
    // A request that came just now may not be in the spool yet.
    if (reconciler.latest?.watch.byReceipt === true && isIdle()) shipper.passTime(Date.now() - idleMs);
    const { clock } = shipper;
    const served = { revision: reconciler.taken?.revision ?? 0, counts: structuredClone(predictor.counts) };
    await writeJson(folder.countsFile, { step: predictor.serving?.step, counts: served.counts });
    // Before the report that windows are judged by: what is stored after it, and behind it, is late.
    await advance(clock);
    await reportReplica(stores, {
      endpoint,
      replica,
      address,
      startedAt,
      ...served,
      ...reportOf(clock),
      ...(Object.keys(refused).length === 0 ? {} : { refused: { ...refused } }),
      ...(isIdle() ? { idle: true } : {}),
      ...(problems.summary === undefined ? {} : { error: problems.summary }),
    });
  };
  const reportWatermark = async () => {
    const document = reconciler.latest;
    const { first } = shipper.clock;
    if (document !== undefined && first !== undefined) {
      await watermarks.report(document, { first, shipped: shipper.shipped });
    }
  };
  // A loop of its own: a Temporal that hangs must not stop the reports, by which this replica is seen to live.
  const reportingWatermark = repeat(10 * timing.reportMs, reportWatermark, (failure) =>
    problems.note('watermark', failure)
  );
  reporting = repeat(timing.reportMs, report, (failure) => {
    problems.note('report', failure);
    if (failure === undefined) reportingWatermark.soon();
  });
  const reconciling = repeat(
    timing.reconcileMs,
    async () => {
      const document = await findEndpoint(stores, endpoint);
      if (document === null) return;
      if (document.clock !== undefined) shipper.setClock(document.clock);
      await reconciler.act(document);
    },
    (failure) => problems.note('reconcile', failure)
  );
  const ship = (all: boolean) =>
    shipper.ship(all, () => {
      const document = reconciler.latest;
      const { highest } = shipper.clock;
      if (document !== undefined && highest !== undefined && watermarks.due(document, highest)) reporting?.soon();
    });
  const shipping = repeat(
    timing.shipMs,
    () => ship(false),
    (failure) => problems.note('ship', failure)
  );

  const drain = async () => {
    await closeServer(server);
    await Promise.all([reconciling.stop(), shipping.stop()]);
    await ship(true);
    await Promise.all([reporting?.stop(), reportingWatermark.stop()]);
    await report();
    await reportWatermark();
    await withdrawReplica(stores, endpoint, replica);
  };
  let closing: Promise<void> | undefined;
  const close = async () => {
    const drained = await settledWithin(timing.drainMs, drain());
    if (!drained) log.warn({ spooled: spool.bytes }, 'ends with records in its spool: the next start ships them');
    server.server.closeAllConnections();
    await stores.close();
    await Promise.all([reconciling.stop(), shipping.stop(), reporting?.stop(), reportingWatermark.stop()]);
    await reconciler.close();
    spool.close();
    folder.release();
  };
  return { address, close: () => (closing ??= close()) };
}

function reportOf({
  epoch,
  highest,
  ahead,
}: EventClockState): Pick<ReplicaDocument, 'shippedTo' | 'clockEpoch' | 'ahead'> {
  return {
    ...(highest === undefined ? {} : { shippedTo: new Date(highest) }),
    ...(epoch === 0 ? {} : { clockEpoch: epoch }),
    ...(ahead === null
      ? {}
      : { ahead: { count: ahead.count, lowest: new Date(ahead.lowest), highest: new Date(ahead.highest) } }),
  };
}

/** A connection that becomes idle after the server began to close would keep it open until its caller speaks again. */
async function closeServer(server: FastifyInstance): Promise<void> {
  const idle = setInterval(() => server.server.closeIdleConnections(), 20);
  await server.close().finally(() => clearInterval(idle));
}

function addressOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** True when the work went well in time. */
async function settledWithin(limitMs: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const done = work.then(
    () => true,
    () => false
  );
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
