/** The kinds of records that can be listed and shown, and what each one is. */
import type { ApprovalRequest } from '../domain/approval';
import { didYouMean } from '../domain/did-you-mean';
import type { EndpointDocument, ReplicaDocument } from '../domain/endpoint';
import type { WindowTrigger } from '../domain/monitoring';
import { MlopsError } from '../domain/errors';
import type { AuditEvent } from '../domain/audit-event';
import type { CycleDocument, Fact } from '../domain/records';
import { FACT_KINDS, type FactKind } from '../domain/refs';
import type { RolloutDocument } from '../domain/rollout';
import type { VersionStatus } from '../domain/version-status';
import type { ArtifactDocument } from '../stores/mutable-records';
import type { FoundPrediction } from '../stores/predictions';

/** A project by its newest records. */
export interface ProjectSummary {
  /** The project's name. */
  readonly _id: string;
  /** Digest of the definition that was applied last. */
  readonly definition?: string;
  readonly cycles: number;
  /** The cycle that was begun last. */
  readonly cycle?: CycleDocument;
  /** Number of the version that the alias `champion` names. */
  readonly champion?: number;
}

/** A trigger of a judged window, and the cycle that it led to. */
export interface TriggerRecord extends WindowTrigger {
  /** `<window>/<rule>` */
  readonly _id: string;
  readonly project: string;
  readonly window: string;
  readonly asOf: string;
  /** `<project>/<cycle>`; of several triggers that were merged into one cycle, each names it. */
  readonly cycle?: string;
}

/** `live`: it reported within 10 s by MongoDB's clock. */
export type ReplicaRecord = ReplicaDocument & { readonly live: boolean };

/** `aliases`: those that name it, such as `champion`. */
export type VersionRecord = Fact<'version'> & { readonly status: VersionStatus; readonly aliases: readonly string[] };

/** What is moving or derived, by kind. */
export interface OtherRecords {
  readonly project: ProjectSummary;
  readonly cycle: CycleDocument;
  readonly request: ApprovalRequest;
  readonly trigger: TriggerRecord;
  readonly endpoint: EndpointDocument;
  readonly replica: ReplicaRecord;
  readonly rollout: RolloutDocument;
  readonly audit: AuditEvent;
  readonly prediction: FoundPrediction;
  readonly artifact: ArtifactDocument;
}

export type RecordKind = FactKind | keyof OtherRecords;
export type RecordOf<K extends RecordKind> = K extends 'version'
  ? VersionRecord
  : K extends FactKind
    ? Fact<K>
    : K extends keyof OtherRecords
      ? OtherRecords[K]
      : never;

const OTHER_KINDS = [
  'project',
  'cycle',
  'request',
  'trigger',
  'endpoint',
  'replica',
  'rollout',
  'audit',
  'prediction',
  'artifact',
] as const satisfies readonly (keyof OtherRecords)[];

export const RECORD_KINDS: readonly RecordKind[] = [...FACT_KINDS, ...OTHER_KINDS];

export function isFactKind(kind: RecordKind): kind is FactKind {
  return (FACT_KINDS as readonly string[]).includes(kind);
}

/** The kind that a word names: `version`, `versions`; case and hyphens don't matter, so that `label-sets` is `labelSet`. */
export function recordKind(word: string): RecordKind {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '');
  const kind = RECORD_KINDS.find((one) => [plain(one), plain(pluralOf(one))].includes(plain(word)));
  if (kind !== undefined) return kind;
  throw new MlopsError(
    'MLOPS_USAGE',
    `There is no kind of record called ${word}.${didYouMean(word, [...RECORD_KINDS, ...RECORD_KINDS.map(pluralOf)])}`,
    {},
    `Kinds are ${RECORD_KINDS.join(', ')}.`
  );
}

export function pluralOf(kind: RecordKind): string {
  return kind === 'audit' ? kind : `${kind}s`;
}
