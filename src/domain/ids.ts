/** Names and ids. Each id is made and read here, and nowhere else. */
export const PROJECT_NAME = /^[a-z][a-z0-9-]{0,47}$/;
/** A column, feature or rule: safe as an SQL identifier and as an ONNX input name. */
/** Values of the feature graph and of the model's graph have these names; their other names cannot be a column's. */
export const RESERVED_COLUMNS: readonly string[] = ['dense', 'probability'];
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

export const lifecycleId = (project: string): string => `mlops/${project}`;
export const monitorId = (project: string): string => `mlops/${project}/monitor`;
export const phaseId = (project: string, cycle: number | string, phase: Phase): string =>
  `mlops/${project}/${cycle}/${phase}`;
/** A rollback is a rollout that belongs to no cycle. */
export const rollbackId = (project: string, id: string): string => `mlops/${project}/rollback-${id}/deploy`;

/** A rollout that an operator asked for. */
export const deployId = (project: string, id: string): string => `mlops/${project}/deploy-${id}/deploy`;

/** A change of policy is asked about outside any cycle; proposals are counted from 1. */
export const policyRequestName = (number: number): string => `policy-${number}`;

/** Of the workflow that delivers a notice about another workflow. */
export const noticeId = (about: string, kind: string): string => `${about}/notice/${kind}`;

/** Of the cycle's document, its approval request and its model version. */
export const cycleRecordId = (project: string, cycle: Cycle): string => `${project}/${cycle}`;
/** Of the alias that names the version that is live. */
export const championAlias = (project: string): string => `${project}/champion`;
export const replicaId = (endpoint: string, replica: string): string => `${endpoint}/${replica}`;
export const versionLabel = (project: string, number: number): string => `${project}@${number}`;

const VERSION_LABEL = /^([a-z][a-z0-9-]{0,47})@(\d{1,9})$/;

/** `flights@2` → project and number; undefined where it is not that. */
export function parseVersionLabel(text: string): { readonly project: string; readonly number: number } | undefined {
  const match = VERSION_LABEL.exec(text);
  return match === null ? undefined : { project: match[1] as string, number: Number(match[2]) };
}

export interface RequestName {
  readonly project: string;
  /** Of the request in its project: a version's is its cycle. */
  readonly name: string;
}

export const requestId = ({ project, name }: RequestName): string => `${project}/${name}`;

const REQUEST_WORKFLOW = /^mlops\/([a-z][a-z0-9-]{0,47})\/(\d{1,9}|solo-[0-9a-f-]{36}|policy-\d{1,9})\/approve$/;

/** `flights-1/2` or the whole workflow id → project and name; undefined where it is neither. */
export function parseRequest(text: string): RequestName | undefined {
  const match = REQUEST_WORKFLOW.exec(text.startsWith('mlops/') ? text : `mlops/${text}/approve`);
  return match === null ? undefined : { project: match[1] as string, name: match[2] as string };
}

/** Audit chain of steps, which belong to no project; no project can have its name. */
export const STEPS_CHAIN = '_steps';

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
  /** Of a request with several rows. */
  readonly row?: number;
}

/** `order-17` or `batch-3/41`: no client's id has a slash, so a row's never is one. Undefined for anything else. */
export function parsePredictionId(text: string): PredictionName | undefined {
  const match = PREDICTION_ID.exec(text);
  if (match === null) return undefined;
  const [, request, row] = match as unknown as [string, string, string | undefined];
  return row === undefined ? { request } : { request, row: Number(row) };
}
