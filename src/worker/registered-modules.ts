/** A worker's registered code: modules by their paths, read once in a child, so that no user code runs in the worker. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunJob } from '../activities/deps';
import type { DescribeInput } from '../activities/registered/jobs/describe';
import type { Registered } from '../activities/registered/user-code';
import { inAttemptFolder } from '../activities/step/attempt-folder';
import { MlopsError } from '../domain/errors';
import type { RegisteredDescription } from '../project/registry';

/** @throws MlopsError MLOPS_CONFIGURATION: a path that isn't a string, or leads to no file */
export function readModules(paths: readonly string[], runJob: RunJob, workFolder: string): Registered {
  const modules = paths.map(moduleAt);
  let described: Promise<readonly RegisteredDescription[]> | undefined;
  const describe = (): Promise<readonly RegisteredDescription[]> =>
    inAttemptFolder(workFolder, 'registered', (folder) =>
      runJob<DescribeInput, readonly RegisteredDescription[]>(
        'describeCode',
        { modules },
        { folder, signal: new AbortController().signal }
      )
    );
  return {
    modules,
    describe: () => {
      if (modules.length === 0) return Promise.resolve([]);
      // A failure is forgotten, so that the next one tries again.
      described ??= describe().catch((error: unknown) => {
        described = undefined;
        throw error;
      });
      return described;
    },
  };
}

function moduleAt(path: unknown): string {
  if (typeof path !== 'string') {
    throw new MlopsError(
      'MLOPS_CONFIGURATION',
      'Registered code is given as the path of a module, not as functions.',
      { found: typeof path },
      "Move it into a module of its own and write registered: require.resolve('./registered')."
    );
  }
  const file = resolve(path);
  if (existsSync(file)) return file;
  throw new MlopsError(
    'MLOPS_CONFIGURATION',
    'A module of registered code is missing.',
    { file },
    "Correct the path: require.resolve('./registered') finds a module beside yours."
  );
}
