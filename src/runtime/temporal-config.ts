/** Temporal's address and namespace, by @temporalio/envconfig: TEMPORAL_* over the profile, over what the stack wrote. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { type Environment, readEnvironment } from './environment';

export type TemporalConfig = ReturnType<typeof loadClientConnectConfig>;

export function temporalConfig(env: Environment = readEnvironment()): TemporalConfig {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined)
  );
  return loadClientConnectConfig({ overrideEnvVars });
}
