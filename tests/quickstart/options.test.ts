/** What the quickstart takes, and what it says to anything else. */
import { parseOptions } from '../../scripts/quickstart/options';

const PLAIN = { yes: false, json: false, fresh: false, fault: undefined };

test.each([
  [[], PLAIN],
  [['--yes'], { ...PLAIN, yes: true }],
  [['--yes', '--json'], { ...PLAIN, yes: true, json: true }],
  [['--fresh'], { ...PLAIN, fresh: true }],
  [['--fault', 'km', '--yes'], { ...PLAIN, yes: true, fault: 'km' }],
  [['--fault=km'], { ...PLAIN, fault: 'km' }],
])('%j', (args, options) => {
  expect(parseOptions(args)).toEqual(options);
});

test.each(['--help', '-h'])('%s: how it is used, with every option', (arg) => {
  const usage = parseOptions([arg]);
  expect(usage).toMatch(/^Usage: \.\/scripts\/quickstart\.sh /);
  for (const option of ['--yes', '--json', '--fresh', '--fault km']) expect(usage).toContain(`\n  ${option} `);
});

test.each([
  [['--fast'], '--fast'],
  [['--yes', 'now'], 'now'],
  [['--fault'], '--fault'],
  [['--fault', 'miles'], '--fault'],
])('%j is told by its name, beside how it is used', (args, wrong) => {
  expect(parseOptions(args)).toMatch(new RegExp(`^unknown option ${wrong}\n\nUsage: `));
});
