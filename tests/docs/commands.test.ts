/** Commands in the docs, in README and in the texts of errors are ones that the `mlops` command takes: verb, options, arguments. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';

const root = packageRoot();

function filesOf(folder: string, end: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...filesOf('docs', '.md'),
  ...filesOf('examples', '.md'),
];
const SOURCES = filesOf('src', '.ts');

/** Commands of a page: in code, alone or in a block. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```.*\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.replace(/^```.*\n[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline]
    .map((line) =>
      line
        .replace(/\s+/g, ' ')
        .replace(/^\$ /, '')
        .replace(/^npx /, '')
        .replace(/ [|#&].*$/, '')
    )
    .filter((line) => /^mlops [a-z]/.test(line));
}

/** Commands with an option in the texts of the code. */
function commandsIn(source: string): string[] {
  const text = readFileSync(join(root, source), 'utf8');
  return [...text.matchAll(/mlops ([a-z]+)((?: (?!-)[^\s.,;`)]+)* --[a-z-]+)+/g)].map(([command]) => command);
}

const words = (command: string): string[] =>
  [...command.matchAll(/"[^"]*"|'[^']*'|<[^>]*>|\$\{[^}]*\}|[^\s"']+/g)].map(([word]) => word);

/** Options by verb, by the built command: it loads verbs as modules, which jest can't. */
const PRINT_OPTIONS = `
  const { Command } = require('commander');
  const { VERBS, addVerbs } = require(process.argv[1]);
  (async () => {
    const options = {};
    for (const { name } of VERBS) {
      const program = new Command('mlops');
      await addVerbs(program, [name]);
      options[name] = program.commands.find((verb) => verb.name() === name).options.map(({ long }) => long);
    }
    console.log(JSON.stringify(options));
  })();`;
const optionsByVerb = JSON.parse(
  execFileSync(process.execPath, ['-e', PRINT_OPTIONS, builtFile('src', 'cli', 'verbs.js')], {
    cwd: root,
    encoding: 'utf8',
  })
) as Readonly<Record<string, readonly string[]>>;

/** What the command doesn't take of this one. */
function mistake(command: string): string | undefined {
  const [, name = '', ...rest] = words(command);
  const options = optionsByVerb[name];
  if (options === undefined) return `no verb ${name}`;
  const taken = ['--help', ...options];
  const unknown = rest
    .map((word) => /^--[a-z-]+/.exec(word)?.[0])
    .find((option) => option !== undefined && !taken.includes(option));
  return unknown === undefined ? undefined : `${name} has no ${unknown}`;
}

test('a command that is wrong is found', () => {
  expect(mistake('mlops strat project.ts')).toBe('no verb strat');
  expect(mistake("mlops ls audit --project 'a'")).toBe('ls has no --project');
  expect(mistake('mlops ls audit flights --limit 3 --json')).toBeUndefined();
});

test('each command of the pages is taken', () => {
  const found = PAGES.flatMap((page) => commandsOf(page).map((command) => [page, command] as const));
  expect(found.length).toBeGreaterThan(60);
  const wrong = found.map(([page, command]) => [page, command, mistake(command)]).filter(([, , what]) => what);
  expect(wrong).toEqual([]);
});

test('and each of the texts of the code', () => {
  const found = SOURCES.flatMap((source) => commandsIn(source).map((command) => [source, command] as const));
  expect(found.length).toBeGreaterThan(10);
  const wrong = found.map(([source, command]) => [source, command, mistake(command)]).filter(([, , what]) => what);
  expect(wrong).toEqual([]);
});
