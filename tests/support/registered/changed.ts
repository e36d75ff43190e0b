/** The labeler of machines.ts, changed under its version. */
import type { RegisteredCode } from '../../../src/project/registry';
import machines from './machines';

export default {
  ...machines,
  labelers: { hot: { version: '1', label: (rows) => rows.map(() => null) } },
} satisfies Partial<RegisteredCode>;
