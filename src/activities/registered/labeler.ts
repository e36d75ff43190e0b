import type { ColumnType, RegisteredUse } from '../../domain/definition';
import type { Target } from '../../domain/task';
import type { LabelOutput } from '../../engines/tables/label';
import type { DataShard } from '../../engines/tables/live-rows';
import type { ActivityDeps } from '../deps';
import { runWithHeartbeat } from '../step/compute-job';
import type { LabelCodeInput } from './jobs/label';
import { usedCode } from './user-code';

interface ToLabel {
  readonly shards: readonly DataShard[];
  readonly folder: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime?: string;
  readonly task: Target;
}

export async function labelRegistered(
  deps: ActivityDeps,
  labeler: RegisteredUse,
  { folder, ...rows }: ToLabel
): Promise<LabelOutput> {
  const use = await usedCode(deps, 'labeler', labeler);
  return runWithHeartbeat<LabelCodeInput, LabelOutput>(deps, 'labelCode', { use, ...rows }, { folder });
}
