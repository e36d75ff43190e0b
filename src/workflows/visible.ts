/** What a person sees of a workflow in the Temporal UI: current details in Markdown, and search attributes. */

import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';

const PROJECT = defineSearchAttributeKey('MlopsProject', 'KEYWORD');
const PHASE = defineSearchAttributeKey('MlopsPhase', 'KEYWORD');
const MODEL_VERSION = defineSearchAttributeKey('MlopsModelVersion', 'KEYWORD');
const WAITING_FOR = defineSearchAttributeKey('MlopsWaitingFor', 'KEYWORD_LIST');

export interface Visible {
  readonly phase: string;
  /** `approver:ana`, `operator`, `labels`, `worker:<queue>`, `replica:<endpoint>`; empty while it works. */
  readonly waitingFor: readonly string[];
  readonly modelVersion?: string;
  /** Markdown; tables have no borders there, so lists. */
  readonly details: string;
}

/** The attributes stay readable with no worker up; the details need one. */
export function show(
  context: { readonly project: string; readonly searchAttributes: boolean },
  visible: Visible
): void {
  setCurrentDetails(visible.details);
  if (!context.searchAttributes) return;
  upsertSearchAttributes([
    { key: PROJECT, value: context.project },
    { key: PHASE, value: visible.phase },
    { key: WAITING_FOR, value: [...visible.waitingFor] },
    ...(visible.modelVersion === undefined ? [] : [{ key: MODEL_VERSION, value: visible.modelVersion }]),
  ]);
}

/** For a child at its start: set both, since the UI shows these beside the current details. */
export function described(summary: string, details: string): { staticSummary: string; staticDetails: string } {
  return { staticSummary: summary.slice(0, 200), staticDetails: details };
}
