/** The whole lifecycle on real flights, as one story: two cycles, their approvals, and the traffic between them. */
import { resolve } from 'node:path';
import { MlopsClient } from '../../src/client';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { durationMs } from '../../src/domain/durations';
import type { EndpointDocument } from '../../src/domain/endpoint';
import { cycleRecordId, phaseId } from '../../src/domain/ids';
import { planOf } from '../../src/domain/plan';
import type { CycleDocument, Fact } from '../../src/domain/records';
import { nextPeriod, type TimeRange, periodOf } from '../../src/domain/period';
import { loadProject } from '../../src/project/load-project';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { findCycle } from '../../src/stores/cycles';
import { definedProjects } from '../../src/stores/definitions';
import { findEndpoint } from '../../src/stores/endpoints';
import { findRequest } from '../../src/stores/requests';
import { type Flight, sampledFlights } from './flights';
import { parseOptions, type QuickstartOptions } from './options';
import { approved } from './people';
import { freePort, type Running, requireAlive, startProcess } from './processes';
import { report } from './report';
import { say, waitFor } from './say';
import { temporalUiOf } from './temporal-ui';
import { Traffic } from './traffic';
import { windowId } from '../../src/domain/ids';

const FIRST_AS_OF = '2001-02-01T00:00:00Z';
const FEBRUARY: TimeRange = { from: '2001-02-01T00:00:00Z', to: '2001-03-01T00:00:00Z' };
const TRAFFIC: TimeRange = { from: '2001-02-01T00:00:00Z', to: '2001-06-01T00:00:00Z' };
const FAULT_WEEK: TimeRange = { from: '2001-04-19T00:00:00Z', to: '2001-04-26T00:00:00Z' };

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return options.startsWith('Usage') ? 0 : 2;
  }
  if (options.fresh) useFreshStores();
  const stores = await connectStores(storeConfig());
  const client = await MlopsClient.connect();
  try {
    const story = await Story.begin(stores, client, options);
    await story.firstCycle();
    await story.serveAndRetrain();
    await report(story);
    return 0;
  } finally {
    await client.close();
    await stores.close();
  }
}

/**
 * Nothing in them, so no step is found finished; children get the same names by the environment. A queue of its own,
 * too: lifecycles of earlier quickstarts have their records elsewhere.
 */
function useFreshStores(): void {
  const name = `mlops-fresh-${Date.now().toString(36)}`;
  process.env.MLOPS_DATABASE = name;
  process.env.S3_BUCKET = name;
  process.env.MLOPS_TASK_QUEUE = name;
  say(`--fresh: database, bucket and task queue ${name}`);
}

export class Story {
  februaryAuc: Promise<number> | undefined;
  traffic: Traffic | undefined;

  private constructor(
    readonly stores: Stores,
    readonly client: MlopsClient,
    readonly options: QuickstartOptions,
    readonly definition: ProjectDefinition,
    readonly endpoint: string,
    readonly temporalUi: string | undefined,
    private readonly processes: readonly Running[]
  ) {}

  static async begin(stores: Stores, client: MlopsClient, options: QuickstartOptions): Promise<Story> {
    const project = await nextProject(stores, client);
    const definition = { ...(await loadProject(resolve('examples/flights/project.ts'))), name: project };
    say(`project ${project}; starting a worker and an endpoint`);
    const worker = await startProcess('worker', ['worker'], {});
    const port = await freePort();
    const replica = await startProcess('endpoint', ['serve', project, '--port', String(port)], {});
    const endpoint = `http://127.0.0.1:${port}`;
    await waitFor(
      'the worker',
      async () => {
        requireAlive(worker);
        return (await client.pollers()).workflows > 0 && (await client.computePollers()).activities > 0
          ? true
          : undefined;
      },
      60_000
    );
    return new Story(stores, client, options, definition, endpoint, temporalUiOf(), [worker, replica]);
  }

  async firstCycle(): Promise<void> {
    const { client, definition } = this;
    const started = await client.start({ definition, asOf: FIRST_AS_OF, by: 'quickstart' });
    if (started.outcome === 'refused') throw new Error(`the start was refused: ${started.reason}`);
    say(`cycle 1: rows known by ${FIRST_AS_OF}; watch it in ${this.temporalUi ?? "your Temporal's UI"}`);
    await this.decided(1);
    await waitFor('the first model to be live', () => this.live(1));
    say('version 1 is live');
    this.februaryAuc = this.evaluateFebruary();
    this.februaryAuc.catch(() => undefined);
  }

  /** Requests and truths in event order, from February on, until cycle 2's rollout is finished. */
  async serveAndRetrain(): Promise<void> {
    const flights = await sampledFlights(
      resolve('node_modules/vega-datasets/data/flights-3m.parquet'),
      TRAFFIC.from,
      TRAFFIC.to
    );
    const between = { from: Date.parse(FAULT_WEEK.from), to: Date.parse(FAULT_WEEK.to) };
    const traffic = new Traffic({
      endpoint: this.endpoint,
      model: this.definition.name,
      flights,
      ...(this.options.fault === 'km' ? { kmBetween: between } : {}),
    });
    this.traffic = traffic;
    const holds = new Holds(this, flights);
    await waitFor('the endpoint to answer', () => this.isReady(), 30_000);
    say('traffic begins: every 60th flight from February 1 on, truth a day after landing');
    await traffic.run(
      (position) => holds.at(position),
      () => holds.ended
    );
    await traffic.close();
    if (!holds.ended) throw new Error('the traffic ended before the rollout of cycle 2');
  }

  /** Asks the people of cycle `cycle`, and waits for what they say. */
  async decided(cycle: number): Promise<void> {
    const request = await waitFor(`cycle ${cycle}'s approval request`, () => this.openRequest(cycle), 300_000);
    const { client, options, stores, temporalUi } = this;
    await approved({ client, options, stores, temporalUi }, request);
  }

  /** The endpoint's document once the step that this cycle's rollout is in has every replica behind it. */
  async live(cycle: number): Promise<EndpointDocument | undefined> {
    const document = await this.document();
    const mine = document?.rollout.id === phaseId(this.definition.name, cycle, 'deploy');
    if (!mine) {
      await this.cycleIsWell(cycle);
      return undefined;
    }
    return document.rollout.state === 'finished' || document.rollout.until !== undefined ? document : undefined;
  }

  document(): Promise<EndpointDocument | null> {
    return findEndpoint(this.stores, this.definition.name);
  }

  window(period: TimeRange): Promise<Fact<'window'> | null> {
    return this.stores.facts.find('window', windowId(this.definition.name, period.from, 0));
  }

  async cycleIsWell(cycle: number): Promise<CycleDocument | null> {
    for (const running of this.processes) requireAlive(running);
    const document = await findCycle(this.stores, cycleRecordId(this.definition.name, cycle));
    if (document?.state === 'failed')
      throw new Error(`${document.phase} of cycle ${cycle} failed: ${document.failure}`);
    if (document?.state === 'finished' && document.outcome !== 'deployed')
      throw new Error(`cycle ${cycle} ended: ${document.outcome}`);
    return document;
  }

  async openRequest(cycle: number): Promise<ApprovalRequest | undefined> {
    const document = await this.cycleIsWell(cycle);
    if (document?.state !== 'waiting') return undefined;
    return (await findRequest(this.stores, cycleRecordId(this.definition.name, cycle))) ?? undefined;
  }

  private async isReady(): Promise<true | undefined> {
    for (const running of this.processes) requireAlive(running);
    const answer = await fetch(`${this.endpoint}/v2/models/${this.definition.name}/ready`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  }

  private async evaluateFebruary(): Promise<number> {
    const version = await this.stores.facts.get({ kind: 'version', id: `${this.definition.name}/1` });
    const { rows, metrics } = await this.client.evaluate({
      project: this.definition.name,
      definition: version.body.definition,
      plan: planOf(this.definition),
      searchAttributes: true,
      asOf: '2001-03-02T00:00:00Z',
      version: { kind: 'version', id: version._id, digest: version.digest },
      period: FEBRUARY,
    });
    const { auc } = metrics;
    if (auc === undefined) throw new Error(`February's ${rows} rows are of one class: no AUC`);
    say(`version 1 on all ${rows.toLocaleString('en-US')} flights of February: AUC ${auc.toFixed(4)}`);
    return auc;
  }
}

interface RipeWindow {
  readonly period: TimeRange;
  /** Event time at which its truth is covered and the watermark has passed it. */
  readonly ripeAt: number;
}

/**
 * Where event time waits for the lifecycle: at each window that is ripe and not yet judged; from the trigger until the
 * rollout's first step is live; at the end of each step until the next one is.
 */
class Holds {
  ended = false;
  readonly #story: Story;
  readonly #windows: RipeWindow[];
  readonly #allowedLatenessMs: number;
  /** End of the rollout's running step, in event time; undefined while none runs. */
  #stepEndsAt: number | undefined;

  constructor(story: Story, flights: readonly Flight[]) {
    this.#story = story;
    this.#allowedLatenessMs = durationMs(story.definition.monitoring.allowedLateness);
    this.#windows = ripeWindows(story.definition, flights, this.#allowedLatenessMs);
  }

  at(position: number): Promise<unknown> | undefined {
    const window = this.#windows[0];
    if (window !== undefined && position >= window.ripeAt) {
      this.#windows.shift();
      return this.#judged(window.period);
    }
    if (this.#stepEndsAt !== undefined && position >= this.#stepEndsAt) {
      this.#stepEndsAt = undefined;
      return this.#nextStep();
    }
    return undefined;
  }

  async #judged(period: TimeRange): Promise<void> {
    const window = await waitFor(
      `the window of ${period.from.slice(0, 10)}`,
      async () => (await this.#story.window(period)) ?? undefined
    );
    const { bias, triggers } = window.body;
    say(
      `window ${period.from.slice(5, 10)}: ${window.body.rows} rows, bias gap ${signed(bias.gap.estimate)} [${signed(bias.gap.low)}, ${signed(bias.gap.high)}]${triggers.map((trigger) => ` — ${trigger.on}: ${trigger.outcome}`).join('')}`
    );
    if (!triggers.some((trigger) => trigger.outcome === 'fired')) return;
    say('the monitor has triggered a retraining: cycle 2');
    await this.#story.decided(2);
    await this.#follow(await waitFor('the rollout of version 2', () => this.#story.live(2)));
  }

  async #nextStep(): Promise<void> {
    const before = await this.#story.document();
    const next = await waitFor('the next step of the rollout', async () => {
      const now = await this.#story.live(2);
      return now !== undefined && (now.rollout.state !== 'running' || now.rollout.step !== before?.rollout.step)
        ? now
        : undefined;
    });
    await this.#follow(next);
  }

  async #follow({ rollout }: EndpointDocument): Promise<void> {
    if (rollout.state === 'running') {
      say(`rollout step ${rollout.stepName} is live, until ${rollout.until ?? '?'} of event time`);
      this.#stepEndsAt =
        rollout.until === undefined ? undefined : Date.parse(rollout.until) + this.#allowedLatenessMs + 60_000;
      return;
    }
    if (rollout.state === 'rolled-back')
      throw new Error('the rollout of version 2 was rolled back: mlops ls audit says why');
    await waitFor('cycle 2 to end', async () =>
      (await this.#story.cycleIsWell(2))?.state === 'finished' ? true : undefined
    );
    say('version 2 is the champion');
    this.ended = true;
  }
}

function ripeWindows(
  definition: ProjectDefinition,
  flights: readonly Flight[],
  allowedLatenessMs: number
): RipeWindow[] {
  const windows: RipeWindow[] = [];
  const last = flights.at(-1)?.departs ?? 0;
  for (
    let period = periodOf(definition.period, TRAFFIC.from);
    Date.parse(period.to) < last;
    period = nextPeriod(definition.period, period)
  ) {
    const truths = flights
      .filter(({ departs }) => departs >= Date.parse(period.from) && departs < Date.parse(period.to))
      .map(({ truthAt }) => truthAt);
    truths.sort((a, b) => a - b);
    const covered = truths[Math.ceil(definition.monitoring.truthCoverage * truths.length) - 1];
    if (covered !== undefined)
      windows.push({ period, ripeAt: Math.max(covered, Date.parse(period.to) + allowedLatenessMs + 60_000) });
  }
  return windows;
}

/** `flights-<n>`: the first number that no project has, neither among these records nor among Temporal's workflows. */
async function nextProject(stores: Stores, client: MlopsClient): Promise<string> {
  const names = await definedProjects(stores);
  for await (const { workflowId } of client.temporal.workflow.list({ query: "WorkflowType = 'lifecycle'" })) {
    names.push(workflowId.replace(/^mlops\//, ''));
  }
  const numbers = names.flatMap((name) => /^flights-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return `flights-${Math.max(0, ...numbers) + 1}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (process.env.MLOPS_DEBUG === '1' ? error.stack : error.message) : String(error)}\n`
    );
    process.exit(1);
  }
);
