/** Errors as the command line prints them: one line that says what to do, and an exit code. */
import { CommanderError } from 'commander';
import { type ErrorCode, errorCodeOf, MlopsError } from '../domain/errors';
import { readEnvironment } from '../runtime/environment';
import { plainAddress, startServer } from '../runtime/server-advice';
import { oneLine } from './verb';
import { usedVerb } from './verbs';

export const FAILED = 1;
export const USED_WRONGLY = 2;

const USAGE_CODES: readonly ErrorCode[] = ['MLOPS_USAGE', 'MLOPS_NAME_INVALID', 'MLOPS_MESSAGE_INVALID'];

/** Prints the error and answers the exit code. With `--json` standard output still gets one document: the error. */
export function fail(error: unknown, args: readonly string[]): number {
  // Help and --version were asked for, and are printed.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const reported = error instanceof CommanderError ? usage(error, args) : (known(error) ?? error);
  const message = oneLine(reported instanceof Error ? reported.message || reported.name : String(reported));
  if (args.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: document(reported, message) }, undefined, 2)}\n`);
  process.stderr.write(`mlops: ${message}\n`);
  if (process.env.MLOPS_DEBUG === '1' && error instanceof Error) process.stderr.write(`${traces(error)}\n`);
  const code = errorCodeOf(reported);
  return code !== undefined && USAGE_CODES.includes(code) ? USED_WRONGLY : FAILED;
}

/** By its code: an error of a project file may be of another copy of its class. */
function document(error: unknown, message: string): object {
  const code = errorCodeOf(error);
  if (code === undefined) return { code: 'MLOPS_UNEXPECTED', message };
  const { where, fix } = error as Partial<MlopsError>;
  return { code, message, where, fix };
}

/** commander's `error: unknown option '--x'` and its guess, without the prefix. */
function usage(error: CommanderError, args: readonly string[]): MlopsError {
  if (error.code === 'commander.help') {
    return new MlopsError('MLOPS_USAGE', 'A verb is missing.', {}, 'mlops --help lists them.');
  }
  const what = oneLine(error.message).replace(/^error: /, '');
  const verb = usedVerb(args)?.name;
  const fix = verb === undefined ? 'mlops --help lists the verbs.' : `mlops ${verb} --help shows how it is used.`;
  return new MlopsError('MLOPS_USAGE', /[.?)]$/.test(what) ? what : `${what}.`, {}, fix);
}

/** Servers that can't be reached, in our words; their clients' own say neither which nor what to do. */
function known(error: unknown): MlopsError | undefined {
  if (!(error instanceof Error) || errorCodeOf(error) !== undefined) return undefined;
  if (/^Mongo(Network|ServerSelection|Topology|NotConnected)/.test(error.name)) {
    return unreachable('MongoDB', 'MONGODB_URI', error);
  }
  const code = (error as { code?: unknown }).code;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return unreachable('The object store', 'S3_ENDPOINT', error);
  return undefined;
}

function unreachable(server: string, variable: string, cause: Error): MlopsError {
  const address = readEnvironment()[variable];
  return new MlopsError(
    'MLOPS_STORE_UNAVAILABLE',
    `${server} can't be reached${address === undefined ? '' : ` at ${plainAddress(address)}`}: ${oneLine(cause.message)}.`,
    {},
    startServer(variable),
    { cause }
  );
}

function traces(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${traces(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
