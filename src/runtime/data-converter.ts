/**
 * The user's data converter (a codec that encrypts, for example) for processes that no code of the user's constructs: `mlops worker`,
 * `mlops serve`, every verb, and a client that connects by the environment. MLOPS_DATA_CONVERTER names a CommonJS module.
 */
import { resolve } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { MlopsError } from '../domain/errors';
import { type Environment, readEnvironment } from './environment';

/** @throws MlopsError MLOPS_CONFIGURATION: the module can't be loaded, or exports no data converter */
export function dataConverter(env: Environment = readEnvironment()): { readonly dataConverter?: DataConverter } {
  const path = env.MLOPS_DATA_CONVERTER;
  if (path === undefined) return {};
  const module = resolve(path);
  let exported: { readonly default?: unknown; readonly dataConverter?: unknown };
  try {
    exported = require(module) as typeof exported;
  } catch (error) {
    throw unfit(module, `it can't be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const found = exported.dataConverter ?? exported.default;
  if (!isDataConverter(found)) throw unfit(module, 'it exports none');
  return { dataConverter: found };
}

const MEMBERS = ['payloadConverterPath', 'failureConverterPath', 'payloadCodecs', 'externalStorage'];

function isDataConverter(found: unknown): found is DataConverter {
  return typeof found === 'object' && found !== null && MEMBERS.some((member) => member in found);
}

function unfit(module: string, why: string, cause?: unknown): MlopsError {
  return new MlopsError(
    'MLOPS_CONFIGURATION',
    `The data converter can't be used: ${why.split('\n', 1)[0]}.`,
    { variable: 'MLOPS_DATA_CONVERTER', file: module },
    "Name a CommonJS module whose default export is Temporal's DataConverter, such as { payloadCodecs: [codec] }.",
    { cause }
  );
}
