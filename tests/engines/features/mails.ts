/** Short texts, of which scikit-learn's values are known in the tests of n-grams. */
import { table, wordsColumn } from './tables';

export const DOCUMENTS = [
  'Free money! Claim your FREE prize now.',
  'Meeting at noon:  bring the report, please.',
  'Your prize is waiting — claim it now!',
  'The report is due; the meeting moved to Monday.',
  "Zoë's café is now free on Monday",
  '',
  'now now now',
  'nothing_known 7',
];

export const mails = (texts: readonly (string | null)[]) => table({ mail: wordsColumn(texts) });
