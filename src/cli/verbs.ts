/** The verbs: what each one does, and its file, which is loaded when the verb is used. */
import type { Command } from 'commander';

type Add = (program: Command) => void;

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Add>;
}

const operator = (verb: 'retry' | 'skip' | 'pause' | 'unpause' | 'stop') => async (): Promise<Add> => {
  const { addOperatorVerb } = await import('./operate.js');
  return (program) => addOperatorVerb(program, verb);
};

/** In the order in which a newcomer meets them. */
export const VERBS: readonly Verb[] = [
  {
    name: 'init',
    summary: 'Looks at a table and writes a commented project definition; needs no server',
    load: async () => (await import('./verbs/init.js')).addInit,
  },
  {
    name: 'check',
    summary: 'Checks a project file and lists every mistake; needs no server',
    load: async () => (await import('./verbs/check.js')).addCheck,
  },
  {
    name: 'suggest',
    summary: "Suggests rules of a definition's schema from a snapshot's figures",
    load: async () => (await import('./verbs/suggest.js')).addSuggest,
  },
  {
    name: 'expectations',
    summary: "Takes rules from a suite of Great Expectations, and writes a snapshot's results as it does",
    load: async () => (await import('./verbs/expectations.js')).addExpectations,
  },
  {
    name: 'worker',
    summary: 'Runs workflows and activities until SIGINT or SIGTERM',
    load: async () => (await import('./verbs/worker.js')).addWorker,
  },
  {
    name: 'serve',
    summary: "Runs a replica of a project's endpoint until SIGINT or SIGTERM",
    load: async () => (await import('./verbs/serve.js')).addServe,
  },
  {
    name: 'start',
    summary: "Starts a project's lifecycle and its first cycle",
    load: async () => (await import('./verbs/start.js')).addStart,
  },
  {
    name: 'apply',
    summary: 'Changes the definition of a running lifecycle, from its next cycle on',
    load: async () => (await import('./verbs/apply.js')).addApply,
  },
  {
    name: 'policy',
    summary: "Resets a project's policy with the stores' credentials, where no approver is left",
    load: async () => (await import('./verbs/policy.js')).addPolicy,
  },
  {
    name: 'status',
    summary: 'Shows what a lifecycle does and what it waits for',
    load: async () => (await import('./verbs/status.js')).addStatus,
  },
  {
    name: 'decide',
    summary: 'Approves or rejects what an approval request is about',
    load: async () => (await import('./verbs/decide.js')).addDecide,
  },
  {
    name: 'retrain',
    summary: 'Asks for one more cycle',
    load: async () => (await import('./verbs/retrain.js')).addRetrain,
  },
  {
    name: 'import',
    summary: 'Takes an ONNX model that was made elsewhere through a cycle of its own',
    load: async () => (await import('./verbs/import.js')).addImport,
  },
  {
    name: 'retry',
    summary: 'Runs the failed phase again and reuses its finished steps',
    load: operator('retry'),
  },
  { name: 'skip', summary: 'Ends the cycle whose phase failed', load: operator('skip') },
  {
    name: 'pause',
    summary: 'Stops a lifecycle before its next phase; a running phase and deadlines go on',
    load: operator('pause'),
  },
  { name: 'unpause', summary: 'Continues a paused lifecycle', load: operator('unpause') },
  {
    name: 'deploy',
    summary: 'Rolls out a version that was approved and is not live',
    load: async () => (await import('./verbs/deploy.js')).addDeploy,
  },
  {
    name: 'rollback',
    summary: 'Serves an earlier version again',
    load: async () => (await import('./verbs/rollback.js')).addRollback,
  },
  {
    name: 'stop',
    summary: 'Ends a lifecycle, cancels its running phase and undoes its rollout',
    load: operator('stop'),
  },
  {
    name: 'materialize',
    summary: "Writes the newest values of a project's feature views for its endpoint, once or by a schedule",
    load: async () => (await import('./verbs/materialize.js')).addMaterialize,
  },
  {
    name: 'evaluate',
    summary: 'Evaluates a version outside of a cycle, on the rows of a period',
    load: async () => (await import('./verbs/evaluate.js')).addEvaluate,
  },
  {
    name: 'study',
    summary: 'Shows the trials of a study: what each chose and came to, and the best',
    load: async () => (await import('./verbs/study.js')).addStudy,
  },
  {
    name: 'reproduce',
    summary: 'Makes a version once more from its records, and compares the bytes',
    load: async () => (await import('./verbs/reproduce.js')).addReproduce,
  },
  {
    name: 'predict',
    summary: 'Sends one request to an endpoint',
    load: async () => (await import('./verbs/predict.js')).addPredict,
  },
  {
    name: 'truth',
    summary: 'Sends the ground truth of a prediction to an endpoint',
    load: async () => (await import('./verbs/truth.js')).addTruth,
  },
  {
    name: 'clock',
    summary: "Shows an endpoint's event time and what it waits for, or sets it",
    load: async () => (await import('./verbs/clock.js')).addClock,
  },
  {
    name: 'account',
    summary:
      "Shows where every row of a project's source is: in the snapshot, quarantined, replaced, withdrawn, not yet known",
    load: async () => (await import('./verbs/account.js')).addAccount,
  },
  {
    name: 'diff',
    summary: 'Shows what differs between two snapshots: rows, columns, figures',
    load: async () => (await import('./verbs/diff.js')).addDiff,
  },
  {
    name: 'export',
    summary: 'Writes the rows of a snapshot to a Parquet or CSV file',
    load: async () => (await import('./verbs/export.js')).addExport,
  },
  {
    name: 'report',
    summary: "Writes the page of a version's evaluation, or of a snapshot",
    load: async () => (await import('./verbs/report.js')).addReport,
  },
  {
    name: 'compare',
    summary: 'Shows two versions side by side: parameters, data, features, code, metrics, slices',
    load: async () => (await import('./verbs/compare.js')).addCompare,
  },
  {
    name: 'card',
    summary: "Writes a version's model card, as Markdown or as a page",
    load: async () => (await import('./verbs/card.js')).addCard,
  },
  {
    name: 'ls',
    summary: 'Lists records of a kind, the newest last',
    load: async () => (await import('./verbs/ls.js')).addLs,
  },
  { name: 'show', summary: 'Shows one record', load: async () => (await import('./verbs/show.js')).addShow },
  {
    name: 'lineage',
    summary: 'Shows what a record was made from and what was made from it',
    load: async () => (await import('./verbs/lineage.js')).addLineage,
  },
  {
    name: 'gc',
    summary: 'Takes the bytes that no model, cycle or held record needs any more, or says what it would take',
    load: async () => (await import('./verbs/gc.js')).addGc,
  },
  {
    name: 'housekeeping',
    summary: 'Shows, sets or removes the schedule by which gc runs',
    load: async () => (await import('./verbs/housekeeping.js')).addHousekeeping,
  },
  {
    name: 'hold',
    summary: 'Keeps a record and all that it was made from, until the hold is released',
    load: async () => (await import('./verbs/hold.js')).addHold,
  },
  {
    name: 'release',
    summary: 'Releases a hold',
    load: async () => (await import('./verbs/hold.js')).addRelease,
  },
  {
    name: 'doctor',
    summary: 'Examines servers, workers, workflows and records, and says what to do',
    load: async () => (await import('./verbs/doctor.js')).addDoctor,
  },
];

/** Adds the verb that `args` use with all its options; where they use none, each verb by name alone, for help. */
export async function addVerbs(program: Command, args: readonly string[]): Promise<void> {
  const used = usedVerb(args);
  for (const verb of used === undefined ? VERBS : [used]) {
    if (verb === used) (await verb.load())(program);
    else program.command(verb.name);
    program.commands.at(-1)?.description(verb.summary);
  }
}

/** The verb that these arguments use; undefined where they name none, or an unknown one. */
export function usedVerb(args: readonly string[]): Verb | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return VERBS.find(({ name }) => name === (first === 'help' ? second : first));
}
