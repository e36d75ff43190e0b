/** Links of the pages lead somewhere, in a clone and in the package: a file that is packed, a heading that is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';

const root = packageRoot();
const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
/** npm packs these without being asked. */
const PACKED = ['README.md', 'LICENSE', 'package.json', ...files];
const PAGES = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md'],
  ...readdirSync(join(root, 'docs')).map((page) => `docs/${page}`),
];

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** As GitHub makes an anchor of a heading. */
const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  );

function broken(page: string, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : posix.join(posix.dirname(page), file);
  if (!existsSync(join(root, target))) return `${page}: ${link} is not there`;
  if (!PACKED.some((packed) => target === packed || target.startsWith(`${packed}/`)))
    return `${page}: ${link} is not in the package`;
  if (anchor !== undefined && !anchorsOf(target).includes(anchor)) return `${page}: ${link} has no such heading`;
  return undefined;
}

test('a link that leads nowhere is found', () => {
  expect(broken('README.md', 'docs/nowhere.md')).toMatch(/is not there/);
  expect(broken('README.md', 'tests/package/links.test.ts')).toMatch(/is not in the package/);
  expect(broken('README.md', 'docs/operating.md#nowhere')).toMatch(/no such heading/);
  expect(broken('docs/http.md', 'errors.md')).toBeUndefined();
});

test('every link leads somewhere', () => {
  const links = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => [page, link] as const)
  );
  expect(links.length).toBeGreaterThan(50);
  const wrong = links.filter(([, link]) => !/^https?:/.test(link)).map(([page, link]) => broken(page, link));
  expect(wrong.filter((what) => what !== undefined)).toEqual([]);
});
