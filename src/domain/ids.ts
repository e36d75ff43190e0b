/** Names and ids. Each id is made and read here, and nowhere else. */
import { momentOrDayMs } from './moment';

export const PROJECT_NAME = /^[a-z][a-z0-9-]{0,47}$/;
/** Values of the feature graph and of the model's graph have these names; their other names cannot be a column's. */
export const RESERVED_COLUMNS: readonly string[] = ['dense', 'probability', 'prediction'];
/** A column, feature or rule: safe as an SQL identifier and as an ONNX input name. */
export const COLUMN_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+'’-]*(?: [\p{L}\p{M}\p{N}._@+'’-]+)*$/u;
/** Letters of any script in their composed form (NFC), digits, single spaces between words, and . _ @ + - ' */
export function isPersonName(text: string): boolean {
  return text.length <= 100 && PERSON_NAME.test(text) && text === text.normalize('NFC');
}
export const PERSON_NAME_RULE =
  "at most 100 letters of any script, digits, . _ @ + - ' and single spaces between words";

/** Ids that clients give: decisions, triggers, predictions. */
export const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

export const PHASES = ['ingest', 'label', 'train', 'evaluate', 'approve', 'deploy'] as const;
export type Phase = (typeof PHASES)[number];

/** A lifecycle's cycle (1, 2, …), or a phase that was started alone (`solo-<uuid>`). */
export type Cycle = number | `solo-${string}`;

/** How the ids of all our workflows begin. */
export const WORKFLOWS = 'mlops/';
export const lifecycleId = (project: string): string => `mlops/${project}`;
/** How the ids of a project's workflows begin, but for its lifecycle. */
export const underLifecycle = (project: string): string => `${lifecycleId(project)}/`;
export const monitorId = (project: string): string => `mlops/${project}/monitor`;
export const phaseId = (project: string, cycle: number | string, phase: Phase): string =>
  `mlops/${project}/${cycle}/${phase}`;
/** A cycle's study, which its training waits for. */
export const studyWorkflowId = (project: string, cycle: Cycle): string => `mlops/${project}/${cycle}/study`;
/** A rollback is a rollout that belongs to no cycle. */
export const rollbackId = (project: string, id: string): string => `mlops/${project}/rollback-${id}/deploy`;

/** A rollout that an operator asked for. */
export const deployId = (project: string, id: string): string => `mlops/${project}/deploy-${id}/deploy`;

/** A change of policy is asked about outside any cycle; proposals are counted from 1. */
export const policyRequestName = (number: number): string => `policy-${number}`;

/** What is new in a cycle's batch is asked about before what the cycle makes of it. */
export const schemaRequestName = (cycle: Cycle): string => `schema-${cycle}`;

/** What a cycle's notices are about; of each kind it has one. */
export const noticesOfCycle = (lifecycle: string, cycle: Cycle): string => `${lifecycle}/${cycle}`;

/** Id of the workflow that delivers a notice about another workflow. */
export const noticeId = (about: string, kind: string): string => `${about}/notice/${kind}`;

/** Id of the cycle's document, its approval request and its model version. */
export const cycleRecordId = (project: string, cycle: Cycle): string => `${project}/${cycle}`;
/** Id of a study: a cycle's, on these data by this definition. */
export const studyId = (project: string, cycle: Cycle, digest: string): string =>
  `${cycleRecordId(project, cycle)}/${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
/** What a text names a study by: the id that `mlops study` shows. */
export const STUDY_NAME = /^[a-z][a-z0-9-]{0,47}\/[^/]+\/[0-9a-f]{12}$/;
/** How the ids of a cycle's studies begin, and of their trials. */
export const ofCycle = (cycleId: string): string => `${cycleId}/`;
/** Id of a study's trial; they are counted from 1. */
export const trialId = (study: string, number: number): string => `${study}/${number}`;
/** Id of the alias that names the version that is live. */
export const championAlias = (project: string): string => `${project}/champion`;
export const replicaId = (endpoint: string, replica: string): string => `${endpoint}/${replica}`;
/** Id of a prediction with another one's id, by the digest of its inputs. */
export const conflictId = (prediction: string, inputs: string): string => `${prediction}=${inputs}`;
/** Id of an hour of event time in UTC that records came late for, `2001-02-03T04`. */
export const lateHourId = (endpoint: string, hour: string): string => `${endpoint}/${hour}`;
/** A day of an endpoint's predictions, as a source's file. */
export const fileOfDay = (endpoint: string, day: string): string => `${endpoint}/${day}.jsonl`;
/** `flights/champion` → `champion`. */
export const aliasName = (alias: string): string => alias.slice(alias.indexOf('/') + 1);
/** Name of a model version, as people name it: `flights@2`. */
export const versionLabel = (project: string, number: number): string => `${project}@${number}`;

const VERSION_LABEL = /^([a-z][a-z0-9-]{0,47})@(\d{1,9})$/;

/** `flights@2` → project and number; undefined where it is not that. */
export function parseVersionLabel(text: string): { readonly project: string; readonly number: number } | undefined {
  const match = VERSION_LABEL.exec(text);
  return match === null ? undefined : { project: match[1] as string, number: Number(match[2]) };
}

export type SnapshotName =
  | { readonly project: string }
  | { readonly project: string; readonly version: number }
  | { readonly project: string; readonly moment: string }
  | { readonly project: string; readonly cycle: string }
  | { readonly id: string };

/** Name of a project's snapshot as of a moment: `flights@2001-02-01`. */
export const snapshotAt = (project: string, moment: string): string => `${project}@${moment}`;

const PROJECT_MOMENT = /^([a-z][a-z0-9-]{0,47})@(\d{4}-.+)$/;
const CYCLE_RECORD = /^([a-z][a-z0-9-]{0,47})\/(\d{1,9}|solo-[0-9a-f-]{36})$/;
const SNAPSHOT_ID = /^(?:snapshot[/:])?((?:sha256:)?[0-9a-f]{6,64})$/;

/** `flights`, `flights@3`, `flights@2001-02-01`, `flights/4`, or a snapshot's id or its beginning; undefined for anything else. */
export function parseSnapshotName(text: string): SnapshotName | undefined {
  const version = parseVersionLabel(text);
  if (version !== undefined) return { project: version.project, version: version.number };
  const [, dated, moment] = PROJECT_MOMENT.exec(text) ?? [];
  if (dated !== undefined && moment !== undefined)
    return momentOrDayMs(moment) === undefined ? undefined : { project: dated, moment };
  const [, project, cycle] = CYCLE_RECORD.exec(text) ?? [];
  if (project !== undefined && cycle !== undefined) return { project, cycle };
  if (PROJECT_NAME.test(text)) return { project: text };
  const [, id] = SNAPSHOT_ID.exec(text) ?? [];
  return id === undefined ? undefined : { id: id.startsWith('sha256:') ? id : `sha256:${id}` };
}

export interface RequestName {
  readonly project: string;
  /** The request's name in its project: a version's is its cycle, others are `policy-2`, `schema-3`. */
  readonly name: string;
}

export const requestId = ({ project, name }: RequestName): string => `${project}/${name}`;
/** The name in a request's id. */
export const requestName = ({ _id, project }: { readonly _id: string; readonly project: string }): RequestName => ({
  project,
  name: _id.slice(ofProject(project).length),
});
/** How the ids of a project's requests begin, and of its definitions. */
export const ofProject = (project: string): string => `${project}/`;

/** One decision of a person on a request: by its id there is no second one. */
export const decisionId = (request: string, by: string): string => `${request}/${by}`;
/** Id of a definition's record: the same content of another project is another record. */
export const definitionId = (project: string, digest: string): string => `${project}/${digest}`;
/** Id of the counter that a project's versions are numbered by. */
export const versionCounter = (project: string): string => `${project}/versions`;
export const codeId = (project: string, kind: string, name: string, version: string): string =>
  `${project}/${kind}/${name}/${version}`;

export const windowId = (endpoint: string, from: string, revision: number): string =>
  `${endpoint}/${from}/r${revision}`;
/** A window fires of each kind once. */
export const triggerId = (window: string, on: string): string => `${window}/${on}`;
/** The endpoint of a window's id, or of a trigger's. */
export const endpointOfWindow = (id: string): string => id.slice(0, Math.max(0, id.indexOf('/')));

/** A rollout is begun once by each run of a workflow. */
export const rolloutId = (workflowId: string, runId: string): string => `${workflowId}/${runId}`;
/** A step of a rollout; its start and that of its clock are two revisions of the endpoint. */
export const rolloutStepId = (rollout: string, epoch: number, step: number): string => `${rollout}/${epoch}/${step}`;

/** An event of a project's audit as people name it: `flights/17`. */
export const eventLabel = (project: string, sequence: number): string => `${project}/${sequence}`;

const EVENT_LABEL = /^([^/ ]+)\/(\d+)$/;

/** `flights/17` → project and sequence; undefined for an event's own id. */
export function parseEventLabel(text: string): { readonly project: string; readonly sequence: number } | undefined {
  const match = EVENT_LABEL.exec(text);
  return match === null ? undefined : { project: match[1] as string, sequence: Number(match[2]) };
}

/** An activity of a run, to Temporal's server. */
export const activityName = (
  run: { readonly workflowId: string; readonly runId: string } | undefined,
  activityId: string
): string => `${run?.workflowId}/${run?.runId}/${activityId}`;

/** A record as `show` takes it: `version/flights@2`. */
export const recordName = (kind: string, id: string): string => `${kind}/${id}`;
/** The process that writes, in records that say so. */
export const processName = (pid: number, host: string): string => `${pid}@${host}`;

const REQUEST_WORKFLOW =
  /^mlops\/([a-z][a-z0-9-]{0,47})\/(\d{1,9}|solo-[0-9a-f-]{36}|(?:policy|schema)-\d{1,9})\/approve$/;

/** `flights-1/2` or the whole workflow id → project and name; undefined where it is neither. */
export function parseRequest(text: string): RequestName | undefined {
  const match = REQUEST_WORKFLOW.exec(text.startsWith('mlops/') ? text : `mlops/${text}/approve`);
  return match === null ? undefined : { project: match[1] as string, name: match[2] as string };
}

/** Of the Temporal Schedule that materializes a project's feature views, and how the ids of its workflows begin. */
export const materializeSchedule = (project: string): string => `${underLifecycle(project)}materialize`;
/** A run that a person asked for. */
export const materializeId = (project: string, id: string): string => `${materializeSchedule(project)}-by-hand-${id}`;
/** Whether a workflow is one that materializes the project's views, by its id. */
export const isMaterialize = (project: string, workflowId: string): boolean =>
  workflowId.startsWith(materializeSchedule(project));

/** A run that makes a version once more, to compare the bytes. */
export const reproduceId = (project: string, version: number, id: string): string =>
  `${underLifecycle(project)}reproduce-${version}-${id}`;

/** Id of a feature view's values, by the digest of all that decides them: another definition of the view has values of its own. */
export const viewId = (project: string, view: string, digest: string): string => `${project}/${view}/${digest}`;
/** Id of an entity's value in a view, by the digest of the entity. */
export const viewValueId = (view: string, entity: string): string => `${view}/${entity}`;

/** Audit chain of steps, which belong to no project; no project can have its name. */
export const STEPS_CHAIN = '_steps';

/** Audit chain of housekeeping and of holds, which belong to all projects. */
export const HOUSEKEEPING_CHAIN = '_housekeeping';
/** Of the Temporal Schedule for the stores behind a queue, and how the ids of its workflows begin; no project's can. */
export const housekeepingSchedule = (taskQueue: string): string => `mlops/_housekeeping/${taskQueue}`;
/** Whether a workflow is one of housekeeping's, by its id. */
export const isHousekeeping = (workflowId: string): boolean => workflowId.startsWith('mlops/_housekeeping/');
/** A run of housekeeping that a person asked for. */
export const housekeepingId = (id: string): string => `mlops/_housekeeping/by-hand-${id}`;

const PROJECT_WORKFLOW = /^mlops\/([a-z][a-z0-9-]{0,47})(?:\/|$)/;

/** The project that a workflow belongs to by its id; undefined for a workflow of somebody else's. */
export function projectOfWorkflow(workflowId: string): string | undefined {
  return PROJECT_WORKFLOW.exec(workflowId)?.[1];
}

/** A request's rows are predictions of their own: one alone has the request's id, row i of several `<request>/<i>`. */
export function predictionId(request: string, row: number, rows: number): string {
  return rows === 1 ? request : `${request}/${row}`;
}

const PREDICTION_ID = /^([A-Za-z0-9][A-Za-z0-9._:-]{0,127})(?:\/(\d{1,6}))?$/;

export interface PredictionName {
  readonly request: string;
  /** A request with several rows. */
  readonly row?: number;
}

/** Name of a prediction, as people name it: `<endpoint>/<prediction id>`, which may have its row behind another slash. */
export function parsePredictionLabel(text: string): { readonly endpoint: string; readonly id: string } {
  const at = text.indexOf('/');
  return { endpoint: text.slice(0, Math.max(0, at)), id: text.slice(at + 1) };
}

/** `order-17` or `batch-3/41`: no client's id has a slash, so a row's never is one. Undefined for anything else. */
export function parsePredictionId(text: string): PredictionName | undefined {
  const match = PREDICTION_ID.exec(text);
  if (match === null) return undefined;
  const [, request, row] = match as unknown as [string, string, string | undefined];
  return row === undefined ? { request } : { request, row: Number(row) };
}
