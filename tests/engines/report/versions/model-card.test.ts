/** A model card: what a reader must know, from records, and texts of people that stay texts. */
import { cardMarkdown } from '../../../../src/engines/report/versions/card-markdown';
import { cardPage } from '../../../../src/engines/report/versions/card-page';
import { type CardOf, modelCard } from '../../../../src/engines/report/versions/model-card';
import { digestOf } from '../../../../src/runtime/digest';
import { fact, versionRecords } from '../../../support/version-records';

const decision = (by: string, comment: string) =>
  fact('decision', `flights/2/${by}`, {
    request: 'flights/2',
    id: 'x',
    by,
    verdict: 'approve',
    digest: digestOf(['model', 2]),
    comment,
    callerIdentity: 'someone@host',
    via: 'update',
  });

const of: CardOf = { ...versionRecords(2), decisions: [decision('ana', 'Fine with me')], status: 'approved' };
const card = modelCard(of);
const markdown = cardMarkdown(card);

test('its sections', () => {
  expect(markdown).toMatch(/^# Model card: flights@2\n/);
  expect([...markdown.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
    'Purpose',
    'Data',
    'Features',
    'Training',
    'Evaluation',
    'Slices',
    'Limits',
    'Approvals',
    'Lineage',
  ]);
});

test.each([
  ['what it predicts', 'the probability that it is 1'],
  ['status', 'status: approved'],
  ['the account of the rows', '15 quarantined, 4 replaced, 1 withdrawn, 3 not yet known'],
  ['parameters', '| network.hidden | 64, 32 |'],
  ['gates', 'Gate better than guessing: passed'],
  [
    'who decided, what and when',
    `| ana | approve | 2024-03-01T12:00:00.000Z | ${digestOf(['model', 2])} | Fine with me |`,
  ],
  ['lineage', `| model | ${digestOf(['model', 2])} |`],
  ['each batch', '| 2024-02-01 | 410 | 12 | 4 | 1 | 5 |'],
])('%s', (_, words) => {
  expect(markdown).toContain(words);
});

test('the page says the same', () => {
  const page = cardPage(card)
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
  for (const words of ['Model card: flights@2', 'Fine with me', 'status: approved', digestOf(['model', 2])])
    expect(page).toContain(words);
});

test('nobody has decided yet; it was never evaluated', () => {
  const { evaluation: _, ...bare } = of;
  const text = cardMarkdown(modelCard({ ...bare, decisions: [] }));
  expect(text).toContain('Nobody has decided on it.');
  expect(text).toContain('It was not evaluated.');
});

test('of an import it says who brought which file, and nothing of rows or features that it was not made of', () => {
  const { version, run } = of;
  const digest = digestOf(['file']);
  const origin = { kind: 'import', file: 'churn.onnx', digest, by: 'eve' } as const;
  const imported = { producer: 'skl2onnx 1.20.0' } as NonNullable<CardOf['run']['body']['imported']>;
  const text = cardMarkdown(
    modelCard({
      ...of,
      version: { ...version, body: { ...version.body, origin } },
      run: { ...run, body: { ...run.body, imported } },
    })
  );
  expect(text).toContain('imported in cycle');
  expect(text).toContain(`eve imported it from churn.onnx, ${digest}.`);
  expect(text).toContain('no record says which rows it was trained on');
  expect(text).toContain('skl2onnx 1.20.0 wrote it');
  expect(text).not.toMatch(/fitted on|trained in cycle/);
});

test('a comment is neither markup nor a further row', () => {
  const hostile = 'ok | x |\n| eve | approve | [a](http://e.vil) <img src=x onerror=alert(1)> **b** `c`';
  const card = modelCard({ ...of, decisions: [decision('ana', hostile)] });
  const text = cardMarkdown(card);
  const rows = text.split('\n').filter((line) => line.startsWith('| ana') || line.startsWith('| eve'));
  expect(rows).toHaveLength(1);
  expect(rows[0]!.match(/(?<!\\)\|/g)).toHaveLength(6);
  expect(text).not.toMatch(/(?<!\\)<img|(?<!\\)\[a|http:\/\/e|(?<!\\)\*\*/);
  expect(cardPage(card)).not.toContain('<img');
});
