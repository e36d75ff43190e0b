/** What a worker's modules register: asked once, when it starts, so that the worker itself never runs user code. */
import type { Job } from '../../../domain/job';
import { describeRegistered, type RegisteredDescription } from '../../../project/registry';
import { loadModules } from './load-modules';

export interface DescribeInput {
  readonly modules: readonly string[];
}

/** @throws MlopsError MLOPS_CONFIGURATION, as `loadModules` and `describeRegistered` do */
export const describeCode: Job<DescribeInput, readonly RegisteredDescription[]> = async ({ modules }) =>
  describeRegistered(await loadModules(modules));
