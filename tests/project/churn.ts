import type { ProjectInput } from '../../src/project/define-project';

/** As little as a user can write. */
export const CHURN = {
  name: 'churn',
  source: {
    reader: { file: { path: 'data/customers.csv' } },
    columns: {
      at: 'timestamp',
      landed: 'timestamp',
      plan: 'string',
      spend: 'number',
      visits: 'integer',
      left: 'boolean',
    },
    eventTime: 'at',
  },
  label: { name: 'churned', labeler: { rule: { column: 'left', op: '=', value: 'true' } } },
  features: [
    { transform: 'standardize', column: 'spend' },
    { transform: 'oneHot', column: 'plan' },
  ],
  approval: { approvers: ['ana'] },
} as const satisfies ProjectInput;
