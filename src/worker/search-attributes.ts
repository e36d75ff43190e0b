/** Registers our search attributes where they are missing, and compares types: adding one again "works" and changes nothing. */
import type { NativeConnection } from '@temporalio/worker';
import { MlopsError } from '../domain/errors';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes';

/** temporal.api.enums.v1.IndexedValueType */
const TYPES = { KEYWORD: 2, KEYWORD_LIST: 7 } as const;

export async function checkSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const operator = connection.operatorService;
  const listed = async (): Promise<Record<string, number>> =>
    ((await operator.listSearchAttributes({ namespace })).customAttributes ?? {}) as Record<string, number>;
  const before = await listed();
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => before[name] === undefined);
  if (missing.length > 0) {
    await operator
      .addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]])),
      })
      .catch((error: Error) => {
        throw unfit(
          missing.map(([name]) => name).join(', '),
          `they are missing and can't be added: ${error.message}`,
          missing,
          error
        );
      });
  }
  const after = await listed();
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    if (after[name] !== undefined && after[name] !== TYPES[type]) {
      throw unfit(name, `it has another type (${after[name]}) than ${type}`, [[name, type]]);
    }
  }
}

function unfit(
  names: string,
  why: string,
  wanted: readonly (readonly [string, keyof typeof TYPES])[],
  cause?: Error
): MlopsError {
  const commands = wanted.map(
    ([name, type]) =>
      `temporal operator search-attribute create --name ${name} --type ${type === 'KEYWORD' ? 'Keyword' : 'KeywordList'}`
  );
  return new MlopsError(
    'MLOPS_SEARCH_ATTRIBUTES',
    `Search attributes can't be used: ${why}.`,
    { attributes: names },
    `Run: ${commands.join(' && ')} — or give the plugin searchAttributes: false.`,
    cause === undefined ? undefined : { cause }
  );
}
