export interface QuickstartOptions {
  /** Demo approvers decide. */
  readonly yes: boolean;
  /** The last line is one JSON object. */
  readonly json: boolean;
  /** No finished step is reused: a database and bucket of its own. */
  readonly fresh: boolean;
  readonly fault: 'km' | undefined;
}

export const USAGE = `Usage: ./scripts/quickstart.sh [--yes] [--json] [--fresh] [--fault km]

Runs the whole lifecycle on 3,000,000 real flights: ingest, label, train, evaluate, approve, deploy, serve, monitor,
retrain, roll out. Installs and starts what it needs; a second run reuses servers, installs and finished steps.

  --yes        demo approvers decide; without it you are asked
  --json       the last line is one JSON object
  --fresh      reuses no finished step
  --fault km   distances of April 19 to 25 arrive in kilometres: a data fault, which must not retrain`;

export function parseOptions(args: readonly string[]): QuickstartOptions | string {
  let options: QuickstartOptions = { yes: false, json: false, fresh: false, fault: undefined };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (arg === '--yes') options = { ...options, yes: true };
    else if (arg === '--json') options = { ...options, json: true };
    else if (arg === '--fresh') options = { ...options, fresh: true };
    else if (arg === '--fault' && args[index + 1] === 'km') {
      options = { ...options, fault: 'km' };
      index += 1;
    } else if (arg === '--fault=km') options = { ...options, fault: 'km' };
    else return `${arg === '--help' || arg === '-h' ? '' : `unknown option ${arg}\n\n`}${USAGE}`;
  }
  return options;
}
