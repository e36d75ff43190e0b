/** What a person can search for in the Temporal UI; an approver's inbox is `MlopsWaitingFor = 'approver:ana'`. */
export const SEARCH_ATTRIBUTES = {
  MlopsProject: 'KEYWORD',
  MlopsPhase: 'KEYWORD',
  MlopsModelVersion: 'KEYWORD',
  MlopsWaitingFor: 'KEYWORD_LIST',
} as const;
