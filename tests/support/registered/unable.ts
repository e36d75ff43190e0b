/** A trainer that can't. */
import type { RegisteredCode, Trainer } from '../../../src/project/registry';

const unable: Trainer = {
  version: '1',
  train() {
    return Promise.reject(new Error('unable to train'));
  },
};

export default { trainers: { unable } } satisfies Partial<RegisteredCode>;
