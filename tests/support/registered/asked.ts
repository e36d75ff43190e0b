/** A labeler that asks a service: `params.file` says how the service is, and how often it was asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { MlopsError } from '../../../src/domain/errors';
import type { RegisteredCode } from '../../../src/project/registry';

export interface Service {
  /** For so many calls to come. */
  readonly awayFor: number;
  readonly asked: number;
  /** Once it is back. */
  readonly hangs?: boolean;
}

export const serviceIn = (file: string): Service => JSON.parse(readFileSync(file, 'utf8')) as Service;
export const setService = (file: string, service: Service): void => writeFileSync(file, JSON.stringify(service));

export default {
  labelers: {
    asked: {
      version: '1',
      async label(rows, params) {
        const file = String(params.file);
        const { awayFor, asked, hangs = false } = serviceIn(file);
        if (hangs && awayFor <= 0) await new Promise(() => undefined);
        setService(file, { awayFor: awayFor - 1, asked: asked + 1, hangs });
        if (awayFor > 0) throw new MlopsError('MLOPS_STORE_UNAVAILABLE', 'The labels’ service is away.', {}, 'Wait.');
        return rows.map((row) => ((row.delay as number) > 15 ? 1 : 0));
      },
    },
  },
} satisfies Partial<RegisteredCode>;
