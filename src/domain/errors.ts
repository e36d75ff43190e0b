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
