/** The argument of verbs that look at a snapshot, and `--as-of`. */
import type { Command } from 'commander';
import { MlopsError } from '../domain/errors';
import { PROJECT_NAME, snapshotAt } from '../domain/ids';
import { when } from './options';

export const SNAPSHOT_NAMES =
  '<project>, <project>@<version>, <project>@<moment>, <project>/<cycle>, or the id of a snapshot';

export interface AsOfOption {
  readonly asOf?: string;
}

export function withAsOf(command: Command): Command {
  return command.option(
    '--as-of <when>',
    "the project's last snapshot that was made as of this moment or an earlier one; what became known between the two is not in it",
    when
  );
}

/** `flights` and a moment → `flights@<moment>`. @throws MlopsError MLOPS_USAGE: the name has its moment already */
export function snapshotName(name: string, { asOf }: AsOfOption): string {
  if (asOf === undefined) return name;
  if (PROJECT_NAME.test(name)) return snapshotAt(name, asOf);
  throw new MlopsError('MLOPS_USAGE', '--as-of is for a project.', { snapshot: name }, 'Name the project alone.');
}
