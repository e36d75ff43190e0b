/**
 * The one catalogue of errors. A code is stable and public; its handling says who acts:
 * `retry`: it passes by itself (a server is down, a race was lost), activities try again;
 * `operator`: a retry can't fix it, the phase waits for a person;
 * `caller`: the call is refused, nothing was changed.
 */
export type Handling = 'retry' | 'operator' | 'caller';

export const ERRORS = {
  // the project definition
  MLOPS_DEFINITION_INVALID: 'caller',
  MLOPS_DEFINITION_TOO_LARGE: 'caller',
  MLOPS_NAME_INVALID: 'caller',
  MLOPS_TARGET_INVALID: 'caller',
  MLOPS_NOT_REGISTERED: 'operator',
  MLOPS_CODE_CHANGED: 'operator',
  // sources and tables
  MLOPS_SOURCE_OUTSIDE: 'operator',
  MLOPS_SOURCE_MISSING: 'operator',
  MLOPS_SOURCE_EMPTY: 'operator',
  MLOPS_SOURCE_UNREADABLE: 'operator',
  MLOPS_SOURCE_CHANGED: 'operator',
  MLOPS_SOURCE_AWAY: 'retry',
  MLOPS_SOURCE_REFUSED: 'operator',
  MLOPS_ADDRESS_REFUSED: 'operator',
  MLOPS_CONNECTION_UNKNOWN: 'operator',
  MLOPS_TOO_MANY_PARTS: 'operator',
  MLOPS_TOO_MANY_FILES: 'operator',
  MLOPS_SOURCE_TOO_LARGE: 'operator',
  MLOPS_LINE_TOO_LONG: 'operator',
  MLOPS_COLUMN_MISSING: 'operator',
  MLOPS_COLUMN_AMBIGUOUS: 'operator',
  MLOPS_COLUMN_TYPE: 'operator',
  MLOPS_TOO_FEW_ROWS: 'operator',
  MLOPS_QUARANTINE_TOO_LARGE: 'operator',
  MLOPS_SQL_REFUSED: 'operator',
  MLOPS_SQL_FAILED: 'operator',
  MLOPS_KEY_REPEATED: 'operator',
  MLOPS_TOO_MANY_ROWS: 'operator',
  MLOPS_TOO_MUCH_NEW: 'operator',
  MLOPS_EXPECTATION_FAILED: 'operator',
  // labels, features, training
  MLOPS_ONE_CLASS: 'operator',
  MLOPS_CLASS_MISSING: 'operator',
  MLOPS_LABEL_INVALID: 'operator',
  MLOPS_FEATURE_INVALID: 'operator',
  MLOPS_TRAINING_DIVERGED: 'operator',
  MLOPS_STUDY_FAILED: 'operator',
  MLOPS_CHECKPOINT_INVALID: 'operator',
  MLOPS_CHECKPOINT_TOO_LARGE: 'operator',
  MLOPS_MODEL_INVALID: 'operator',
  MLOPS_MODEL_EXTERNAL_DATA: 'operator',
  MLOPS_MODEL_TOO_LARGE: 'operator',
  MLOPS_MODEL_FOLDER: 'operator',
  MLOPS_MODEL_OPERATOR: 'operator',
  MLOPS_MODEL_NO_BATCH: 'operator',
  MLOPS_MODEL_COLUMNS: 'operator',
  MLOPS_MODEL_OUTPUTS: 'operator',
  MLOPS_MODEL_PARITY: 'operator',
  MLOPS_USER_CODE_FAILED: 'operator',
  // compute children
  MLOPS_COMPUTE_CRASHED: 'retry',
  MLOPS_COMPUTE_SILENT: 'retry',
  MLOPS_OUT_OF_MEMORY: 'operator',
  MLOPS_TIME_LIMIT: 'operator',
  MLOPS_TIMED_OUT: 'operator',
  // stores
  MLOPS_STORE_UNAVAILABLE: 'retry',
  MLOPS_ARTIFACT_DELETING: 'retry',
  MLOPS_ARTIFACT_CORRUPT: 'operator',
  MLOPS_ARTIFACT_TAKEN: 'operator',
  MLOPS_RECORD_MISSING: 'operator',
  MLOPS_RECORD_VERSION: 'operator',
  // notices to people
  MLOPS_NOTICE_UNDELIVERED: 'retry',
  // everything else: our mistake, or user code's
  MLOPS_UNEXPECTED: 'operator',
  // worker and servers
  MLOPS_CONFIGURATION: 'caller',
  MLOPS_SERVER_UNFIT: 'caller',
  MLOPS_SEARCH_ATTRIBUTES: 'caller',
  MLOPS_NO_WORKER: 'caller',
  MLOPS_PAYLOAD_TOO_LARGE: 'operator',
  MLOPS_ACTIVITY_NAME_TAKEN: 'caller',
  // messages to workflows
  MLOPS_MESSAGE_INVALID: 'caller',
  MLOPS_UNKNOWN_PROJECT: 'caller',
  MLOPS_REQUEST_CONFLICT: 'operator',
  MLOPS_VERSION_CONFLICT: 'operator',
  MLOPS_NOT_AUTHORIZED: 'operator',
  MLOPS_TOO_MANY_MESSAGES: 'caller',
  MLOPS_WORKFLOW_NOT_READY: 'caller',
  // endpoint and rollout
  MLOPS_ROLLOUT_SUPERSEDED: 'operator',
  MLOPS_NO_REPLICA: 'operator',
  MLOPS_MODEL_UNKNOWN: 'caller',
  MLOPS_REQUEST_INVALID: 'caller',
  MLOPS_REQUEST_TOO_LARGE: 'caller',
  MLOPS_REQUEST_TOO_SLOW: 'caller',
  MLOPS_CONTENT_TYPE: 'caller',
  MLOPS_HOST_UNKNOWN: 'caller',
  MLOPS_PREDICTION_CONFLICT: 'caller',
  MLOPS_TRUTH_INVALID: 'caller',
  MLOPS_TRUTH_CONFLICT: 'caller',
  MLOPS_SPOOL_FULL: 'caller',
  MLOPS_ENDPOINT_EMPTY: 'caller',
  MLOPS_VIEW_MISSING: 'caller',
  MLOPS_VIEW_UNREADABLE: 'caller',
  // command line
  MLOPS_USAGE: 'caller',
  MLOPS_NOT_FOUND: 'caller',
} as const satisfies Readonly<Record<string, Handling>>;

export type ErrorCode = keyof typeof ERRORS;

export type Where = Readonly<Record<string, string | number | boolean | undefined>>;

/** An error a person can act on: what happened, where, and what to do. */
export class MlopsError extends Error {
  override readonly name = 'MlopsError';
  readonly code: ErrorCode;
  /** One sentence. */
  readonly what: string;
  readonly where: Where;
  readonly fix: string;

  /** @param what one sentence; @param where coordinates (file, row, field, key, id); @param fix what to do. */
  constructor(code: ErrorCode, what: string, where: Where, fix: string, options?: { cause?: unknown }) {
    super(sentence(code, what, where, fix), options);
    this.code = code;
    this.what = what;
    this.where = where;
    this.fix = fix;
  }

  get handling(): Handling {
    return ERRORS[this.code];
  }

  /** The same error with some coordinates replaced. */
  at(where: Where): MlopsError {
    return new MlopsError(this.code, this.what, { ...this.where, ...where }, this.fix, { cause: this.cause });
  }
}

function sentence(code: ErrorCode, what: string, where: Where, fix: string): string {
  const coordinates = Object.entries(where)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
  return `${code}: ${what}${coordinates === '' ? '' : ` [${coordinates}]`}${fix === '' ? '' : ` ${fix}`}`;
}

/** By its code, never `instanceof`: a second copy of this module, or a child process, makes another class. */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && code in ERRORS ? (code as ErrorCode) : undefined;
}
