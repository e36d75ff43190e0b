/** What came of it: a table of versions, metrics, decisions and triggers for people, and one JSON object for programs. */
import { recordAsked } from '../../src/domain/approval';
import type { Interval } from '../../src/domain/evaluation';
import type { Cycle } from '../../src/domain/ids';
import type { Fact } from '../../src/domain/records';
import type { Digest } from '../../src/domain/refs';
import type { ShadowPairs } from '../../src/domain/rollout';
import type { TimeRange } from '../../src/domain/period';
import { partOf } from '../../src/domain/split';
import { championOf } from '../../src/stores/aliases';
import { cyclesOf } from '../../src/stores/cycles';
import { decisionsOfProject } from '../../src/stores/decisions';
import { countStored } from '../../src/stores/predictions';
import { findRequest } from '../../src/stores/requests';
import { shadowsOf } from '../../src/stores/rollouts';
import { versionsOf } from '../../src/stores/versions';
import { verdictsOf } from '../../src/stores/windows';
import { SAMPLE } from './flights';
import type { Story } from './main';
import { elapsedSeconds, mlopsCommand, waitFor } from './say';
import { workflowsOf } from './temporal-ui';

/** What the report is made of: the records of the project that was run, and what only the driver knows. */
export type Reported = Pick<
  Story,
  'stores' | 'definition' | 'options' | 'februaryAuc' | 'traffic' | 'temporalUi' | 'endpoint'
>;

/** The table goes to standard output; with --json standard output is the one line of JSON. */
export async function report(story: Reported): Promise<void> {
  const { stores, definition } = story;
  const project = definition.name;
  const stored = await allStored(story);
  const versions = await versionsOf(stores, project);
  const cycles = await Promise.all(versions.map((version) => cycleOf(story, version)));
  const decisions = await decisionsOfProject(stores, project);
  const windows: Fact<'window'>[] = [];
  for await (const window of verdictsOf(stores, project)) windows.push(window);
  const documents = await cyclesOf(stores, project);
  const alias = await championOf(stores, project);
  const februaryAuc = await story.februaryAuc;
  const [shadow = null] = await shadowsOf(stores, project);
  const result: Result = {
    project,
    cycles,
    februaryAuc,
    champion: alias === null ? null : { model: project, version: alias.number, digest: alias.digest },
    decisions: decisions.map(({ body }) => ({
      request: body.request,
      by: body.by,
      verdict: body.verdict,
      digest: body.digest,
      callerIdentity: body.callerIdentity,
    })),
    triggers: [
      ...documents.flatMap((cycle) =>
        cycle.causes.map((cause) => ({
          cycle: cycle.cycle,
          cause: cause.kind,
          detail: cause.detail,
          window: cause.window,
          outcome: 'fired',
        }))
      ),
      ...windows.flatMap(({ _id, body }) =>
        body.triggers
          .filter((trigger) => trigger.outcome !== 'fired')
          .map((trigger) => ({ cause: trigger.on, detail: trigger.detail, window: _id, outcome: trigger.outcome }))
      ),
    ],
    windows: windows.map(({ body }) => ({
      from: body.period.from,
      to: body.period.to,
      version: body.version,
      rows: body.rows,
      coverage: body.coverage,
      dataQuality: body.dataQuality.verdict,
      drifted: body.drift.filter((feature) => feature.verdict === 'drift').map((feature) => feature.column),
      bias: body.bias.gap.estimate,
      biasLow: body.bias.gap.low,
      biasHigh: body.bias.gap.high,
      biasVerdict: body.bias.verdict,
    })),
    shadow,
    predictions: stored.predictions,
    truths: stored.truths,
    temporalUi: story.temporalUi ?? null,
    endpoint: story.endpoint,
    seconds: elapsedSeconds(),
  };
  const { json, fresh } = story.options;
  const text = json ? process.stderr : process.stdout;
  text.write(`${tableOf(result, windows, mlopsCommand(fresh))}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** What was answered last may still be in the replica's spool. */
function allStored({ stores, definition, traffic }: Reported): Promise<{ predictions: number; truths: number }> {
  const { predictions = 0, truths = 0 } = traffic ?? {};
  return waitFor(`${predictions} predictions and ${truths} truths to be stored`, async () => {
    const stored = await countStored(stores, definition.name);
    return stored.predictions >= predictions && stored.truths >= truths ? stored : undefined;
  });
}

type CycleResult = Awaited<ReturnType<typeof cycleOf>>;

async function cycleOf({ stores }: Reported, version: Fact<'version'>) {
  const request = await findRequest(stores, version._id);
  const asked = request === null ? undefined : recordAsked(request, 'evaluation');
  const evaluation = asked === undefined ? null : await stores.facts.get(asked);
  const metrics = evaluation?.body.evaluation;
  // The flights are split by time.
  const [train, test] = [partOf(version.body.split, 'train'), partOf(version.body.split, 'test')];
  return {
    trainedOn: { to: train.to ?? '', rows: version.body.trainRows },
    testedOn: { from: test.from ?? '', to: test.to ?? '', rows: metrics?.rows ?? 0 },
    auc: metrics?.candidate.auc?.estimate,
    logLoss: metrics?.candidate.logLoss?.estimate,
    championAuc: metrics?.champion?.auc?.estimate,
    logLossAgainstChampion: metrics?.againstChampion?.logLoss,
    version: version.body.number,
    digest: version.body.model.digest,
  };
}

/** The last line of `--json`. */
export interface Result {
  readonly project: string;
  readonly cycles: readonly CycleResult[];
  readonly februaryAuc: number | undefined;
  readonly champion: { readonly model: string; readonly version: number; readonly digest: Digest } | null;
  readonly decisions: readonly {
    readonly request: string;
    readonly by: string;
    readonly verdict: string;
    readonly digest: Digest;
    readonly callerIdentity: string;
  }[];
  /** What began a cycle, and what a window suppressed. */
  readonly triggers: readonly {
    readonly cycle?: Cycle;
    readonly cause: string;
    readonly detail: string;
    readonly window: string | undefined;
    readonly outcome: string;
  }[];
  readonly windows: readonly (TimeRange & {
    readonly version: number;
    readonly rows: number;
    readonly coverage: number;
    readonly dataQuality: string;
    readonly drifted: readonly string[];
    readonly bias: number;
    readonly biasLow: number;
    readonly biasHigh: number;
    readonly biasVerdict: string;
  })[];
  readonly shadow: ShadowPairs | null;
  /** Stored records, synthetic traffic left out. */
  readonly predictions: number;
  readonly truths: number;
  /** null with a server of one's own, unless MLOPS_TEMPORAL_UI says where. */
  readonly temporalUi: string | null;
  readonly endpoint: string;
  /** Wall time of the command. */
  readonly seconds: number;
}

function tableOf(result: Result, windows: readonly Fact<'window'>[], mlops: string): string {
  const drifted = windows.filter(({ body }) => body.drift.some((feature) => feature.verdict === 'drift'));
  return [
    '',
    `${result.project}`,
    '  version  trained to  rows       tested on                rows     AUC     log loss  digest',
    ...result.cycles.map(versionLine),
    ...result.cycles.flatMap((cycle) =>
      cycle.logLossAgainstChampion === undefined
        ? []
        : [
            `  version ${cycle.version} against the champion on the same rows: log loss ${interval(cycle.logLossAgainstChampion)}, AUC ${number(cycle.auc)} beside ${number(cycle.championAuc)}`,
          ]
    ),
    `  version 1 on all flights of February: AUC ${number(result.februaryAuc)}`,
    `  champion: version ${result.champion?.version ?? 'none'}`,
    '',
    '  decisions',
    ...result.decisions.map((decision) => `    ${decision.request}: ${decision.verdict} by ${decision.by}`),
    '  triggers',
    ...result.triggers.map((trigger) => `    ${trigger.cause}: ${trigger.detail} (${trigger.outcome})`),
    `  windows: ${windows.length} judged; a feature drifted in ${drifted.length}${drifted.length === 0 ? ': the share of positives changed, not the inputs' : ` (${drifted.map(({ body }) => body.period.from.slice(0, 10)).join(', ')})`}`,
    `  ${result.predictions.toLocaleString('en-US')} predictions and ${result.truths.toLocaleString('en-US')} truths stored: every ${SAMPLE.every}th flight, residue ${SAMPLE.remainder}, chosen with hindsight so that the sample's level follows all flights'; so was the level's floor of 0.06`,
    '  landing = departure + 35 min + distance / 7.67 miles a minute, an approximation; local times are read as UTC',
    ...(result.shadow === null ? [] : [shadowLine(result.shadow)]),
    '',
    '  Look at',
    `    Temporal UI   ${workflowsOf(result.temporalUi ?? undefined, result.project)}`,
    `    endpoint      ${result.endpoint}/v2/models/${result.project}`,
    `    records       ${mlops} ls versions ${result.project}`,
    `                  ${mlops} show version/${result.project}@2`,
    `                  ${mlops} lineage version/${result.project}@2`,
    `    audit         ${mlops} ls audit ${result.project}`,
    '  The servers, the worker and the endpoint stay up: ./scripts/stack.sh down ends them and loses nothing.',
    `  Lifecycle and monitor of ${result.project} stay open: ${mlops} stop ${result.project} --by <name> ends them. The next`,
    '  quickstart is a project of its own; it ends this worker and this endpoint, and starts its own.',
  ].join('\n');
}

function versionLine(cycle: CycleResult): string {
  return [
    `  ${String(cycle.version).padEnd(9)}`,
    cycle.trainedOn.to.slice(0, 10).padEnd(12),
    cycle.trainedOn.rows.toLocaleString('en-US').padEnd(11),
    `${cycle.testedOn.from.slice(0, 10)} to ${cycle.testedOn.to.slice(0, 10)}`.padEnd(25),
    cycle.testedOn.rows.toLocaleString('en-US').padEnd(9),
    number(cycle.auc).padEnd(8),
    number(cycle.logLoss).padEnd(10),
    cycle.digest.slice(0, 19),
  ].join('');
}

function shadowLine({ pairs, score, loss }: ShadowPairs): string {
  const losses = loss === undefined ? '' : `, ${loss.metric} ${interval(loss)} over ${loss.pairs} with truth`;
  return `  shadow, candidate − champion on ${pairs} requests: mean score ${interval(score)}${losses}`;
}

function number(value: number | undefined): string {
  return value === undefined ? '—' : value.toFixed(4);
}

function interval(value: Interval): string {
  return `${value.estimate.toFixed(4)} [${value.low.toFixed(4)}, ${value.high.toFixed(4)}]`;
}
