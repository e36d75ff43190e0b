/** A definition with a comment for each choice, printed as TypeScript that a person goes on with. */
export interface Comment {
  /** From which figures the choice was made. */
  readonly why?: string;
  /** What the figures do not decide. */
  readonly decide?: string;
}

/** Comments by path: `source.columns.at`, `features.2`. */
export type Comments = ReadonlyMap<string, Comment>;

const WIDTH = 110;

/** `export default defineProject({ … });` with each comment above the line that it is about. */
export function printDefinition(definition: object, comments: Comments, header: readonly string[]): string {
  const lines = header.map((line) => (line === '' ? ' *' : ` * ${line}`));
  return [
    '/**',
    ...lines,
    ' */',
    "import { defineProject } from 'temporal-mlops';",
    '',
    `export default defineProject(${print(definition, '', 0, comments)});`,
    '',
  ].join('\n');
}

/** A part of a definition, as it stands in one: `schema: { … }`. */
export function printSection(name: string, value: object, comments: Comments): string {
  return `${name}: ${print(value, name, 0, comments)},`;
}

/** What a person must still decide, by path. */
export function openDecisions(comments: Comments): readonly { readonly path: string; readonly decide: string }[] {
  return [...comments].flatMap(([path, { decide }]) => (decide === undefined ? [] : [{ path, decide }]));
}

function print(value: unknown, path: string, depth: number, comments: Comments): string {
  if (typeof value !== 'object' || value === null) return literal(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const [open, close] = isList ? '[]' : '{}';
  if (entries.length === 0) return `${open}${close}`;
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  const printed = entries.map(([key, each]) => {
    const shown = print(each, below(key), depth + 1, comments);
    return { key, text: isList ? shown : `${nameOf(key)}: ${shown}` };
  });
  const inline = isList
    ? `[${printed.map(({ text }) => text).join(', ')}]`
    : `{ ${printed.map(({ text }) => text).join(', ')} }`;
  const commented = [...comments.keys()].some((at) => at.startsWith(path === '' ? '' : `${path}.`));
  if (!commented && depth > 1 && !inline.includes('\n') && inline.length + 2 * depth < WIDTH) return inline;
  const indent = '  '.repeat(depth + 1);
  const body = printed.flatMap(({ key, text }) => [
    ...commentLines(comments.get(below(key)), indent),
    `${indent}${text},`,
  ]);
  return [open, ...body, `${'  '.repeat(depth)}${close}`].join('\n');
}

function commentLines(comment: Comment | undefined, indent: string): string[] {
  const { why, decide } = comment ?? {};
  return [
    ...(why === undefined || why === '' ? [] : [why]),
    ...(decide === undefined ? [] : [`DECIDE: ${decide}`]),
  ].map((line) => `${indent}// ${oneLine(line)}`);
}

/** What a file says must not end the comment. */
const oneLine = (text: string): string => text.replace(/[\p{C}\u2028\u2029]+/gu, ' ');

const nameOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key));

function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const json = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}
