/** Each table by the same road: init → check → start → decide → predict → truth → window. */
import { mkdirSync, rmSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MlopsClient } from '../../src/client';
import { recordAsked } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { cycleRecordId } from '../../src/domain/ids';
import type { Digest } from '../../src/domain/refs';
import { loadProject } from '../../src/project/load-project';
import { builtFile } from '../../src/runtime/package-root';
import { championOf } from '../../src/stores/aliases';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { findCycle } from '../../src/stores/cycles';
import { definedProjects } from '../../src/stores/definitions';
import { countStored } from '../../src/stores/predictions';
import { findRequest } from '../../src/stores/requests';
import { versionsOf } from '../../src/stores/versions';
import { verdictsOf } from '../../src/stores/windows';
import { approved, DEMO_APPROVER } from '../quickstart/people';
import { endProcess, freePort, requireAlive, type Running, startProcess } from '../quickstart/processes';
import { elapsedSeconds, say, waitFor as waitAtMost } from '../quickstart/say';
import { temporalUiOf } from '../quickstart/temporal-ui';
import { parseOptions, type TourOptions } from './options';
import { rowsOf, type TourRow } from './rows';
import { TABLES, type TourTable } from './tables';
import { send } from './traffic';

const run = promisify(execFile);
/** Rows before it are there when the first cycle begins; the others come as requests. */
const KNOWN_SHARE = 0.85;
const MOST_REQUESTS = 400;
/** Of a table without times: enough for two windows of 400. */
const MOST_COUNTED = 1_100;

/** A machine may be slow: only what hangs ends the tour. */
const LONGEST_WAIT_MS = 600_000;

const waitFor = <T>(what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitAtMost(what, look, LONGEST_WAIT_MS);

interface TableResult {
  readonly name: string;
  readonly rows: number;
  readonly quarantined: number;
  /** Rows in whose place an equal row of their key stands. */
  readonly replaced: number;
  /** How many rows break a rule that only warns, by rule. */
  readonly warned: Readonly<Record<string, number>>;
  readonly metric: 'auc' | 'r2' | 'logLoss' | 'accuracy';
  readonly value: number;
  readonly version: number;
  readonly digest: Digest;
  readonly predictions: number;
  readonly windows: number;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return options.startsWith('Usage') ? 0 : 2;
  }
  const stores = await connectStores(storeConfig());
  const client = await MlopsClient.connect();
  try {
    const worker = await startProcess('tour-worker', ['worker'], {});
    await waitFor('the worker', async () => {
      requireAlive(worker);
      return (await client.pollers()).workflows > 0 && (await client.computePollers()).activities > 0
        ? true
        : undefined;
    });
    const tables: TableResult[] = [];
    for (const table of TABLES) tables.push(await new Visit(stores, client, options, worker, table).make());
    report(tables, options);
    return 0;
  } finally {
    await endProcess('tour-endpoint');
    await endProcess('tour-worker');
    await client.close();
    await stores.close();
  }
}

/** What people know of a task's models. */
const SHOWN = { binary: 'auc', number: 'r2', classes: 'logLoss', labels: 'logLoss' } as const;

/** One table, from its file to a judged window. */
class Visit {
  readonly #began = Date.now();

  constructor(
    private readonly stores: Stores,
    private readonly client: MlopsClient,
    private readonly options: TourOptions,
    private readonly worker: Running,
    private readonly table: TourTable
  ) {}

  async make(): Promise<TableResult> {
    const definition = await this.#definition();
    const rows = await rowsOf(definition);
    const { later, asOf } = requestsOf(rows);
    const project = definition.name;
    say(`${project}: ${this.table.target}, as of ${asOf}`);
    const started = await this.client.start({ definition, asOf, by: 'tour' });
    if (started.outcome === 'refused') throw new Error(`the start of ${project} was refused: ${started.reason}`);
    await this.#decided(definition);
    const port = await freePort();
    const replica = await startProcess('tour-endpoint', ['serve', project, '--port', String(port)], {});
    const endpoint = `http://127.0.0.1:${port}`;
    await waitFor(`${project} to be live`, async () => {
      requireAlive(replica);
      const answer = await fetch(`${endpoint}/v2/models/${project}/ready`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
    const sent = await send(endpoint, project, later);
    say(`${project}: ${sent.predictions} requests answered, ${sent.truths} truths sent`);
    const { windows, predictions } = await this.#watched(definition, sent.predictions);
    await endProcess('tour-endpoint');
    const result = { ...(await this.#made(project)), predictions, windows };
    await this.client.stop(project, { id: `tour-${Date.now()}`, by: 'tour' });
    return { ...result, name: this.table.name, seconds: Math.round((Date.now() - this.#began) / 100) / 10 };
  }

  /** As a user would: two commands and no edit. */
  async #definition(): Promise<ProjectDefinition> {
    const { format, target, name } = this.table;
    const folder = resolve(process.env.MLOPS_STACK_DIR ?? '.stack', 'tour');
    mkdirSync(folder, { recursive: true });
    const file = await fileOf(this.table, folder);
    const out = join(folder, `${name}.ts`);
    rmSync(out, { force: true });
    const project = await freeName(this.stores, this.client, name);
    const people = ['--approver', DEMO_APPROVER, '--approver', 'ben'];
    const how = format === undefined ? [] : ['--format', format];
    await mlops('init', file, '--target', target, '--name', project, '--out', out, ...people, ...how);
    await mlops('check', out);
    return loadProject(out);
  }

  async #decided(definition: ProjectDefinition): Promise<void> {
    const id = cycleRecordId(definition.name, 1);
    const request = await waitFor(`${definition.name}'s approval request`, async () => {
      requireAlive(this.worker);
      const cycle = await findCycle(this.stores, id);
      if (cycle?.state === 'failed') throw new Error(`${cycle.phase} failed: ${cycle.failure}`);
      if (cycle?.state === 'finished') throw new Error(`cycle 1 of ${definition.name} ended: ${cycle.outcome}`);
      return cycle?.state === 'waiting' ? ((await findRequest(this.stores, id)) ?? undefined) : undefined;
    });
    const { client, stores, options } = this;
    await approved({ client, stores, options: { ...options, fresh: false }, temporalUi: temporalUiOf() }, request);
  }

  /** Until all is stored, and each window whose time is over has its verdict. */
  async #watched(definition: ProjectDefinition, sent: number): Promise<{ windows: number; predictions: number }> {
    const { stores } = this;
    const { name } = definition;
    return waitFor(`${name}'s windows to be judged`, async () => {
      const { predictions } = await countStored(stores, name);
      let windows = 0;
      for await (const _ of verdictsOf(stores, name)) windows += 1;
      return predictions >= sent && windows >= 1 ? { windows, predictions } : undefined;
    });
  }

  async #made(
    project: string
  ): Promise<
    Pick<TableResult, 'rows' | 'quarantined' | 'replaced' | 'warned' | 'metric' | 'value' | 'version' | 'digest'>
  > {
    const { facts } = this.stores;
    const [version] = await versionsOf(this.stores, project);
    const champion = await championOf(this.stores, project);
    if (version === undefined || champion === null) throw new Error(`${project} has no champion`);
    const snapshot = await facts.get(version.body.snapshot);
    const request = await findRequest(this.stores, version._id);
    const asked = request === null ? undefined : recordAsked(request, 'evaluation');
    const evaluation = asked === undefined ? undefined : await facts.get(asked);
    if (evaluation === undefined) throw new Error(`${project} has no evaluation`);
    const metric = this.table.metric ?? SHOWN[evaluation.body.evaluation.task];
    const value = evaluation.body.evaluation.candidate[metric]?.estimate;
    if (value === undefined) throw new Error(`${project} has no ${metric}`);
    const { quarantined, replaced } = snapshot.body.account;
    const { number, digest } = champion;
    const warned = Object.fromEntries(
      snapshot.body.validation.flatMap((result) =>
        'broken' in result && result.severity === 'warn' && result.verdict === 'failed'
          ? [[result.rule, result.broken] as const]
          : []
      )
    );
    return {
      rows: snapshot.body.rows,
      quarantined,
      replaced,
      warned,
      metric,
      value,
      version: number,
      digest,
    };
  }
}

/** From the repository, where the worker's data folder is. */
async function fileOf({ file }: TourTable, folder: string): Promise<string> {
  return typeof file === 'string' ? file : relative('.', await file(folder));
}

/** The last rows by time come as requests; of a table without times, which is known as a whole, rows from all over it. */
function requestsOf(rows: readonly TourRow[]): { readonly later: readonly TourRow[]; readonly asOf: string } {
  const later = rows.slice(Math.floor(KNOWN_SHARE * rows.length)).slice(0, MOST_REQUESTS);
  const at = later[0]?.at;
  if (at !== undefined) return { later, asOf: new Date(at).toISOString() };
  const every = Math.max(1, Math.floor(rows.length / MOST_COUNTED));
  return {
    later: rows.filter((_, i) => i % every === 0).slice(0, MOST_COUNTED),
    asOf: new Date().toISOString(),
  };
}

async function mlops(...args: readonly string[]): Promise<void> {
  say(`mlops ${args.map((arg) => (/[^\w./=-]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
  const { stdout } = await run(process.execPath, [builtFile('src', 'cli', 'mlops.js'), ...args]);
  process.stderr.write(stdout.replace(/^/gm, '    ').trimEnd().concat('\n'));
}

/** `weather-2`: the first number that no project has. */
async function freeName(stores: Stores, client: MlopsClient, name: string): Promise<string> {
  const taken = new Set(await definedProjects(stores));
  for await (const { workflowId } of client.temporal.workflow.list({ query: "WorkflowType = 'lifecycle'" })) {
    taken.add(workflowId.replace(/^mlops\//, ''));
  }
  let number = 1;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

function report(tables: readonly TableResult[], { json }: TourOptions): void {
  const lines = tables.map(
    ({ name, rows, quarantined, metric, value, predictions, windows, seconds }) =>
      `${name.padEnd(10)} ${String(rows).padStart(6)} rows, ${quarantined} quarantined   ${metric.padEnd(8)} ${value.toFixed(3)}   ${predictions} predictions   ${windows} windows   ${seconds} s`
  );
  (json ? process.stderr : process.stdout).write(`\n${lines.join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ tables, seconds: elapsedSeconds() })}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  }
);
