/** A snapshot's page: all of its record that a person looks for, and nothing that a text could do in it. */
import { batchPage } from '../../../src/engines/report/batch-page';
import { snapshotBody } from '../../support/snapshot-body';

const ID = `sha256:${'cd'.repeat(32)}`;
const page = batchPage({ id: ID, body: snapshotBody() });
/** As it is read: tags are gaps. */
const read = page
  .replace(/<style>.*?<\/style>/s, '')
  .replace(/<[^>]+>/g, ' ')
  .replace(/\s+/g, ' ');

test('where every row is, and that it adds up', () => {
  expect(read).toContain(
    '1,010 rows of the source and 3 that it no longer has = 990 in the snapshot (12 of them late) + 15 quarantined + 4 replaced + 1 withdrawn + 3 not yet known.'
  );
  expect(1_010 + 3).toBe(990 + 15 + 4 + 1 + 3);
});

test.each([
  ['what the last batch changed', 'snapshot as of 2024-01-15'],
  ['the batch in numbers', '2024-02-01 410 12 4 1 5'],
  ['an expectation with its bounds', 'value at least 0 block failed 410 5 98.8 % (97.2 % to 99.5 %), at least 99.0 %'],
  ['where rows break it', 'orders/2024-01.csv:17, orders/2024-01.csv:33'],
  ['one about the table', 'at least 100 rows info passed 405'],
  ['quarantine by reason', '1 2024-02-01 5 value: not a number'],
  ['a column', 'value number'],
  ['its figures', 'missing 5 (1.2 %) distinct 211 mean 17.25 standard deviation 4.75'],
  ['its quantiles', 'least 0 5 % 2 median 16 95 % 31 greatest 99.5'],
  ['what is frequent', 'Oslo 300 (74.1 %)'],
  ['a private column', 'email string, private: no values are shown'],
  ['a file', 'orders/2024-01.csv 48,113 1,010 15 3'],
])('%s', (_, words) => {
  expect(read).toContain(words);
});

test('a histogram is said in words', () => {
  expect(page).toContain(
    'aria-label="Histogram of value: 8 bins of equal width from 0 to 99.5; the fullest, number 1, has 200 rows."'
  );
  expect(page.match(/<rect /g)).toHaveLength(8 + 6);
});

test('the same page of the same record', () => {
  expect(batchPage({ id: ID, body: snapshotBody() })).toBe(page);
});

test('a snapshot without anything to say', () => {
  const { parent: _, ...body } = snapshotBody({ validation: [], batches: [], files: [], profile: {} });
  expect(batchPage({ id: ID, body })).toContain('No row was put aside.');
});

test('its policy allows its own style and nothing else; it names nothing outside of itself', () => {
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/i.exec(page) ?? [];
  expect(policy).toMatch(
    /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'$/
  );
  expect(page).not.toMatch(/<script|<link|<img|<iframe|<form|style=|\son\w+=|href=|src="|url\(/i);
});

const HOSTILE = [
  '<script>document.title="owned"</script>',
  '"><img src=http://127.0.0.1:9/x onerror=alert(1)>',
  "'--></style><script>1</script>",
  '</title></table>&lt;b&amp;',
  '\u202Egnp.exe\u2066',
  'a\u0000b',
];

test.each(HOSTILE)('%j stays a text, wherever it stands', (text) => {
  const body = snapshotBody();
  const [rule, ...rules] = body.validation;
  const hostile = batchPage({
    id: ID,
    body: {
      ...body,
      source: text,
      files: [{ ...body.files[0]!, path: text }],
      validation: [{ ...rule!, rule: text, examples: [text] } as never, ...rules],
      batches: body.batches.map((batch) => ({ ...batch, reasons: [{ rule: text, rows: 1 }] })),
      profile: { city: { type: 'string', present: 2, missing: 0, distinct: 1, top: [{ value: text, count: 2 }] } },
    },
  });
  const tags = (html: string) => [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag!.toLowerCase());
  expect(new Set(tags(hostile))).toEqual(new Set([...tags(page)].filter((tag) => tag !== 'svg' && tag !== 'rect')));
  expect(hostile.match(/[\u202A-\u202E\u2066-\u2069\0]/)).toBeNull();
  expect(hostile.match(/<title>/g)).toHaveLength(1);
});
