export interface TourOptions {
  /** Demo approvers decide. */
  readonly yes: boolean;
  /** The last line is one JSON object. */
  readonly json: boolean;
}

export const USAGE = `Usage: ./scripts/tour.sh [--yes] [--json]

Takes tables that nobody has described from their file to a watched endpoint, each by the same road and without an edit:
init, check, start, decide, predict, truth, window. Installs and starts what it needs.

  --yes        demo approvers decide; without it you are asked
  --json       the last line is one JSON object`;

export function parseOptions(args: readonly string[]): TourOptions | string {
  const unknown = args.find((arg) => arg !== '--yes' && arg !== '--json');
  if (unknown === '--help' || unknown === '-h') return USAGE;
  if (unknown !== undefined) return `unknown option ${unknown}\n\n${USAGE}`;
  return { yes: args.includes('--yes'), json: args.includes('--json') };
}
