/** Bundling a user's workflows takes up to half a minute on a small machine, in which nothing else is logged. */
import { Runtime, type WorkerOptions } from '@temporalio/worker';

type Hook = NonNullable<NonNullable<WorkerOptions['bundlerOptions']>['webpackConfigHook']>;

const EVERY_MS = 5_000;

/** The options with a hook that logs when bundling begins, and every 5 s until it ends. Nothing for a prebuilt bundle. */
export function withBundlingProgress(options: WorkerOptions): WorkerOptions {
  if (options.workflowsPath === undefined || options.workflowBundle !== undefined) return options;
  const before: Hook = options.bundlerOptions?.webpackConfigHook ?? ((config) => config);
  const webpackConfigHook: Hook = (config) => {
    const changed = before(config);
    const { plugins = [] } = changed;
    return plugins.includes(progress) ? changed : { ...changed, plugins: [...plugins, progress] };
  };
  return { ...options, bundlerOptions: { ...options.bundlerOptions, webpackConfigHook } };
}

interface Compiler {
  readonly hooks: Readonly<Record<'run' | 'done' | 'failed', { tap(name: string, hook: () => void): void }>>;
}

function progress(compiler: Compiler): void {
  const { logger } = Runtime.instance();
  const startedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearInterval(timer);
  compiler.hooks.run.tap('temporal-mlops', () => {
    logger.info('Bundling workflows; this can take half a minute');
    timer = setInterval(() => {
      logger.info(`Still bundling workflows, for ${Math.round((Date.now() - startedAt) / 1000)} s`);
    }, EVERY_MS);
  });
  compiler.hooks.done.tap('temporal-mlops', end);
  compiler.hooks.failed.tap('temporal-mlops', end);
}
