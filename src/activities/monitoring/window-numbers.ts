/** From prediction records to a window's numbers: rows into a file, the version's frozen reference beside it, one compute job. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { recordAsked } from '../../domain/approval';
import { columnsOfFeatures, type ProjectDefinition } from '../../domain/definition';
import { inputNames } from '../../domain/signature';
import type { Fact } from '../../domain/records';
import type { ArtifactRef, Ref } from '../../domain/refs';
import type { TimeRange } from '../../domain/period';
import { partOf } from '../../domain/split';
import { type Baseline, targetOf, taskOf } from '../../domain/task';
import type { JudgedWindow } from '../../domain/triggers';
import type { JudgeWindowInput, WindowNumbers } from '../../engines/monitor/judge-window-job';
import type { ColumnType } from '../../domain/definition';
import type { SetAside } from '../../domain/monitoring';
import type { WindowRow } from '../../engines/monitor/window-table';
import type { Stores } from '../../stores/connect';
import { refOf } from '../../stores/facts';
import { windowRows } from '../../stores/predictions';
import { championOf } from '../../stores/aliases';
import { evaluationOf } from '../../stores/evaluations';
import { findRequest } from '../../stores/requests';
import { versionNumbered } from '../../stores/versions';
import { localCopies } from '../step/artifact-cache';
import { withHeartbeat } from '../step/heartbeat';
import { runWithHeartbeat } from '../step/compute-job';
import type { ActivityDeps } from '../deps';
import { artifactNamed } from '../step/inputs';
import { checkedRow } from './window-row';

export interface JudgeRows {
  readonly project: string;
  readonly definition: ProjectDefinition;
  readonly period: TimeRange;
  readonly asOf: string;
  readonly folder: string;
}

export interface JudgedRows {
  /** The version that answered most of the window; absent where there were no requests. */
  readonly version?: Ref<'version'>;
  readonly numbers: Omit<JudgedWindow, 'endpoint' | 'period' | 'revision' | 'definition' | 'asOf'>;
}

export async function judgeRows(deps: ActivityDeps, stores: Stores, judge: JudgeRows): Promise<JudgedRows> {
  const { project, definition, folder } = judge;
  const versions = new Versions(stores, judge);
  const { written, setAside } = await withHeartbeat('writing rows', (signal) =>
    writeRows(stores, judge, versions, signal)
  );
  const number = written?.number ?? (await championNumber(stores, project));
  const { version, inputs } = await versions.numbered(number);
  const frozen = version === undefined ? undefined : await frozenOf(stores, version);
  const paths = frozen === undefined ? [] : await localCopies(deps, stores, frozen.artifacts);
  const input: JudgeWindowInput = {
    ...(written === undefined ? {} : { rows: written.path }),
    ...(paths[0] === undefined ? {} : { reference: paths[0] }),
    ...(paths[1] === undefined ? {} : { dependencies: paths[1] }),
    inputs,
    schema: definition.schema,
    monitoring: definition.monitoring,
    objective: definition.objective,
    cluster: definition.cluster,
    ...(frozen === undefined ? {} : { baseline: frozen.baseline }),
  };
  const numbers = await runWithHeartbeat<JudgeWindowInput, WindowNumbers>(deps, 'judgeWindow', input, { folder });
  return {
    ...(version === undefined ? {} : { version: refOf(version) }),
    numbers: {
      ...numbers,
      version: number,
      coverage: numbers.rows === 0 ? 0 : numbers.truths / numbers.rows,
      ...(setAside.records === 0 ? {} : { setAside }),
    },
  };
}

/** Examples of records that are set aside. */
const SHOWN_ASIDE = 10;

/**
 * Each version's rows into a file of its own; of the version with most of them (of equals the newest). What is broken is
 * set aside, whichever version answered it.
 */
async function writeRows(
  stores: Stores,
  { project, definition, period, asOf, folder }: JudgeRows,
  versions: Versions,
  signal: AbortSignal
): Promise<{ written: { number: number; path: string } | undefined; setAside: SetAside }> {
  const task = targetOf(taskOf(definition.objective));
  const files = new Map<number, RowFile>();
  let records = 0;
  const examples: SetAside['examples'][number][] = [];
  try {
    for await (const joined of windowRows(stores, project, period, asOf)) {
      signal.throwIfAborted();
      const { row, why } = checkedRow(joined, (await versions.numbered(joined.version)).inputs, task);
      if (why !== undefined) {
        records += 1;
        if (examples.length < SHOWN_ASIDE) examples.push({ prediction: joined._id, why });
      }
      if (row === undefined) continue;
      let file = files.get(joined.version);
      if (file === undefined) {
        file = await RowFile.open(join(folder, `rows-${joined.version}.jsonl`));
        files.set(joined.version, file);
      }
      await file.write(row);
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
  const [most] = [...files].sort(([a, one], [b, other]) => other.rows - one.rows || b - a);
  const written = most === undefined ? undefined : { number: most[0], path: most[1].path };
  return { written, setAside: { records, examples } };
}

const BUFFER_CHARS = 1 << 20;

class RowFile {
  rows = 0;
  readonly path: string;
  readonly #file: Awaited<ReturnType<typeof open>>;
  #buffer = '';

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>) {
    this.path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<RowFile> {
    return new RowFile(path, await open(path, 'w'));
  }

  async write(row: WindowRow): Promise<void> {
    this.rows += 1;
    this.#buffer += `${JSON.stringify(row)}\n`;
    if (this.#buffer.length < BUFFER_CHARS) return;
    await this.#file.write(this.#buffer);
    this.#buffer = '';
  }

  async close(): Promise<void> {
    await this.#file.write(this.#buffer);
    await this.#file.close();
  }
}

interface Known {
  readonly version?: Fact<'version'>;
  /** The columns that its requests bring, by type. */
  readonly inputs: Readonly<Record<string, ColumnType>>;
}

/** The versions that answer in a window: one that reads columns itself is sent other ones than another, whatever the features are. */
class Versions {
  readonly #known = new Map<unknown, Known>();
  readonly #stores: Stores;
  readonly #project: string;
  readonly #definition: ProjectDefinition;

  constructor(stores: Stores, { project, definition }: JudgeRows) {
    this.#stores = stores;
    this.#project = project;
    this.#definition = definition;
  }

  /** Where the project has no version of this number (a record may be broken), the inputs are the columns that features read. */
  async numbered(number: number): Promise<Known> {
    let known = this.#known.get(number);
    if (known === undefined) {
      const version = Number.isInteger(number) ? await versionNumbered(this.#stores, this.#project, number) : null;
      const { features, source } = this.#definition;
      const names = version === null ? columnsOfFeatures(features) : inputNames(version.body.signature);
      const inputs = Object.fromEntries(names.map((name) => [name, source.columns[name]?.type ?? 'string']));
      known = { ...(version === null ? {} : { version }), inputs };
      this.#known.set(number, known);
    }
    return known;
  }
}

/** No requests: the verdict is that of the version that would have answered. */
async function championNumber(stores: Stores, project: string): Promise<number> {
  return (await championOf(stores, project))?.number ?? 0;
}

/** What the version was approved with: its evaluation's reference, and what its training rows taught. */
async function frozenOf(
  stores: Stores,
  version: Fact<'version'>
): Promise<{ artifacts: readonly ArtifactRef[]; baseline: Baseline } | undefined> {
  const { run, features, split } = version.body;
  const request = await findRequest(stores, version._id);
  const asked = request === null ? undefined : recordAsked(request, 'evaluation');
  const evaluation =
    asked === undefined
      ? await evaluationOf(stores, run.id, partOf(split, 'test'))
      : await stores.facts.find('evaluation', asked.id);
  if (evaluation === null) return undefined;
  const [ran, fitted] = await Promise.all([stores.facts.get(run), stores.facts.get(features)]);
  const dependencies = fitted.artifacts.filter((artifact) => artifact.name === 'dependencies');
  return {
    artifacts: [artifactNamed(evaluation, 'reference'), ...dependencies],
    baseline: ran.body.baseline,
  };
}
