/** What a version stands on: all that comparisons and cards are made of. */
import type { ProjectDefinition } from '../../../domain/definition';
import type { Fact } from '../../../domain/records';

export interface VersionRecords {
  /** `flights@2` */
  readonly label: string;
  readonly version: Fact<'version'>;
  readonly run: Fact<'run'>;
  readonly features: Fact<'featureSet'>;
  readonly labelSet: Fact<'labelSet'>;
  readonly snapshot: Fact<'snapshot'>;
  readonly definition: ProjectDefinition;
  /** Absent where it was never evaluated. */
  readonly evaluation?: Fact<'evaluation'>;
}
