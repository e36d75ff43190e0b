/** Spam: is a mail one? 6,046 mails of SpamAssassin's public corpus, by body and subject alone. `mails.ts` writes the file. */
import { defineProject } from 'temporal-mlops';

export default defineProject({
  name: 'spam',
  source: {
    // Relative to the worker's --data folder, which is its working directory unless you say otherwise.
    reader: { file: { path: 'mails.jsonl' } },
    columns: {
      mail: 'string',
      group: 'string', // mails whose bodies are nearly the same
      subject: 'text',
      body: 'text',
      spam: 'boolean',
    },
    key: ['mail'],
  },
  label: { name: 'spam', labeler: { rule: { column: 'spam', op: '=', value: 'true' } } },
  features: [
    { transform: 'textNgrams', column: 'body', of: 'words', lengths: [1, 1], maxFeatures: 2000, minCount: 5 },
    { transform: 'textNgrams', column: 'subject', of: 'words', lengths: [1, 1], maxFeatures: 500, minCount: 3 },
  ],
  model: { linear: { l2: 0.1 } },
  // A mailing goes out in many copies. One that trains must not test its own copy.
  split: { by: 'hash', columns: ['group'], test: 0.2, minTrainRows: 3000, minTestRows: 600 },
  // Copies are no independent evidence either.
  cluster: { column: 'group' },
  gates: [
    { metric: 'auc', atLeast: 0.98 },
    { metric: 'logLoss', against: 'baseline', atMost: 0 },
    { metric: 'logLoss', against: 'champion', atMost: 0 },
  ],
  approval: { approvers: ['ana', 'ben'] },
});
