/**
 * Training whose process is killed again and again, each time at another moment of its learning. The next process goes on from the newest
 * checkpoint that was reported. The files at the end are those of a run that nothing disturbed.
 */
import { mkdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { JobName } from '../../src/activities/deps';
import { defaultLimits } from '../../src/activities/limits';
import type { BuiltInModel, FeatureDefinition } from '../../src/domain/definition';
import { MlopsError } from '../../src/domain/errors';
import { fitJob } from '../../src/engines/features/fit-job';
import { randomStream } from '../../src/engines/train/random';
import type { TrainingInput, TrainingOutput } from '../../src/engines/train/training-job';
import { digestOfBytes } from '../../src/runtime/digest';
import { type ComputePool, computePool } from '../../src/worker/compute/pool';
import { type TestFolder, testFolder } from '../engines/tables/files';
import { recordingContext } from '../engines/train/small-run';
import { COLUMNS, SPLIT, shards } from '../engines/train/small-shards';
import { computeChildren } from '../support/compute-processes';
import { PLAIN_NETWORK } from '../support/plain-network';

jest.setTimeout(900_000);

const KILLS = 50;
/** A process is killed at one of its first so many messages of learning, or checkpoints. */
const LAST_MESSAGE = 12;
const TRAINED = { to: '2001-01-15T00:00:00Z' };
const VALIDATED = { from: '2001-01-15T00:00:00Z', to: '2001-01-18T00:00:00Z' };

const HOURS: readonly FeatureDefinition[] = [
  { transform: 'timeOfDayBuckets', column: 'at', buckets: 24 },
  { transform: 'timeOfDayCycles', column: 'at', harmonics: 2 },
  { transform: 'weekday', column: 'at' },
  { transform: 'standardize', column: 'km' },
];

interface Learner {
  readonly job: JobName;
  readonly model: BuiltInModel;
  readonly features: readonly FeatureDefinition[];
  readonly missing?: 'kept';
}

const NETWORK: Learner = {
  job: 'train',
  model: {
    network: {
      ...{ ...PLAIN_NETWORK, hidden: [16, 8], batch: 32, learningRate: 0.003, epochs: 8, maxRowsSeen: 1e9, seed: 5 },
      ...{ dropout: 0.1, patience: 8 },
    },
  },
  features: [...HOURS, { transform: 'embedding', column: 'place', width: 3, minCount: 5, maxRows: 50 }],
};
const TREES: Learner = {
  job: 'trainTrees',
  model: {
    trees: {
      ...{ rounds: 60, depth: 4, learningRate: 0.1, minWeight: 1, l2: 1, rowShare: 0.7, columnShare: 0.7 },
      ...{ patience: 60, seed: 5 },
    },
  },
  features: [
    ...HOURS,
    { transform: 'targetMean', column: 'place', smoothing: 10, minCount: 1, training: 'earlierRows' },
  ],
  missing: 'kept',
};
const LINEAR: Learner = {
  job: 'trainLinear',
  model: { linear: { l1: 1, l2: 1, poisson: false, steps: 500, tolerance: 1e-9 } },
  features: [...HOURS, { transform: 'oneHot', column: 'place', minCount: 1 }],
};

let tested: TestFolder;
let pool: ComputePool;
let files: Awaited<ReturnType<typeof shards>>;

beforeAll(async () => {
  tested = testFolder();
  pool = computePool(defaultLimits());
  pool.open();
  files = await shards(undefined, 2_000);
});
afterAll(() => {
  pool.close();
  tested.remove();
});

test.each(Object.entries({ network: NETWORK, trees: TREES, linear: LINEAR }))(
  `%s: killed at ${KILLS} random moments, training ends with the bytes of a run that nothing disturbed`,
  async (name, learner) => {
    const input = await inputOf(learner);
    const undisturbed = await train(learner.job, input, folderOf(`${name}-undisturbed`));
    const random = randomStream(2001, name.length, 0);
    let [kills, runs] = [0, 0];
    while (kills < KILLS) {
      runs += 1;
      let newest: Checkpoint | undefined;
      let ended: Ended | undefined;
      for (let child = 1; ended === undefined; child += 1) {
        const folder = folderOf(`${name}-${runs}-${child}`);
        const killedAt = kills < KILLS ? 1 + (random() % LAST_MESSAGE) : undefined;
        const attempt = await attemptOf(learner.job, input, { folder, from: newest, killedAt });
        // It goes on from what it was given, and not from the beginning.
        const steps = [newest?.step ?? 0, ...attempt.checkpoints.map(({ step }) => step)];
        expect(steps).toEqual([...new Set(steps)].sort((one, other) => one - other));
        newest = attempt.checkpoints.at(-1) ?? newest;
        ended = attempt.ended;
        if (ended === undefined) kills += 1;
      }
      expect(ended).toEqual(undisturbed);
    }
    process.stderr.write(`${name}: ${kills} kills in ${runs} runs\n`);
  }
);

/** What the run's record would hold: each file's digest, and what the job answers beside it. */
interface Ended extends Omit<TrainingOutput, 'seconds' | 'files'> {
  readonly digests: Readonly<Record<string, string>>;
}

interface Checkpoint {
  readonly path: string;
  readonly step: number;
}

interface Attempt {
  readonly folder: string;
  readonly from: Checkpoint | undefined;
  /** The number of the message at which the process is killed, from 1; undefined: never. */
  readonly killedAt: number | undefined;
}

async function inputOf({ model, features, missing }: Learner): Promise<TrainingInput & BuiltInModel> {
  const source = { shards: files, columns: COLUMNS, eventTime: 'at' };
  const context = recordingContext();
  const kept = missing === undefined ? {} : { missing };
  const rows = { ...source, where: TRAINED };
  const fit = await fitJob({ ...rows, split: SPLIT, features, dependencies: [], ...kept }, context);
  const at = (name: string) => join(context.folder, fit.files.find((file) => file.name === name)!.file);
  const validation = 'linear' in model ? {} : { validation: { ...source, where: VALIDATED } };
  return { ...rows, ...model, ...validation, minRows: 1, task: 'binary', fitted: at('fitted'), graph: at('graph') };
}

/** One compute process: until it ends, or is killed. Every step, round or chunk leaves a checkpoint. */
async function attemptOf(
  job: JobName,
  input: TrainingInput,
  { folder, from, killedAt }: Attempt
): Promise<{ readonly checkpoints: readonly Checkpoint[]; readonly ended?: Ended }> {
  const checkpoints: Checkpoint[] = [];
  const stop = new AbortController();
  let messages = 0;
  const count = () => {
    messages += 1;
    if (messages !== killedAt) return;
    const pid = processIn(folder);
    if (pid === undefined) stop.abort(new Error(`no compute process works in ${folder}`));
    else process.kill(pid, 'SIGKILL');
  };
  const given = { ...input, checkpointEveryMs: 0, ...(from === undefined ? {} : { resume: from.path }) };
  try {
    const ended = await train(job, given, folder, {
      signal: stop.signal,
      onProgress: ({ note }) => /^(epoch|round|step) /.test(note) && count(),
      onCheckpoint: (file, step) => {
        checkpoints.push({ path: join(folder, file), step });
        count();
      },
    });
    return { checkpoints, ended };
  } catch (error) {
    if (!(error instanceof MlopsError) || error.where['how'] !== 'SIGKILL') throw error;
    return { checkpoints };
  }
}

type Options = Partial<Omit<Parameters<ComputePool['runJob']>[2], 'folder'>>;

async function train(job: JobName, input: TrainingInput, folder: string, options: Options = {}): Promise<Ended> {
  const { signal } = new AbortController();
  const output = await pool.runJob<TrainingInput, TrainingOutput>(job, input, { folder, signal, ...options });
  const { seconds: _, files: written, ...said } = output;
  const digests = written.map(({ name, file }) => [name, digestOfBytes(readFileSync(join(folder, file)))]);
  return { ...said, digests: Object.fromEntries(digests) as Record<string, string> };
}

/** The compute child that works in this folder; another one waits for the next job. */
function processIn(folder: string): number | undefined {
  return computeChildren().find((pid) => folderOfProcess(pid) === folder);
}

function folderOfProcess(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has just ended.
    return undefined;
  }
}

function folderOf(name: string): string {
  const folder = join(realpathSync(tested.path), name);
  mkdirSync(folder);
  return folder;
}
