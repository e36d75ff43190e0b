/** Reads the types of a definition as they stand in the sources: their fields, forms and docstrings. Not TypeScript, only what Biome formats. */

export interface Field {
  readonly name: string;
  readonly optional: boolean;
  readonly doc: string;
  readonly type: string;
}

export interface Form {
  readonly doc: string;
  readonly type: string;
}

export interface Declared {
  readonly doc: string;
  readonly type: string;
}

const DOC = /^\/\*\*([\s\S]*?)\*\/\s*/;
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Exported types and interfaces, by name. */
export function declarations(source: string): Map<string, Declared> {
  const found = new Map<string, Declared>();
  const declared = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export (interface|type) (\w+)\s*=?\s*/g;
  for (const match of source.matchAll(declared)) {
    const [whole, doc = '', kind, name = ''] = match;
    const rest = source.slice(match.index + whole.length);
    const end = kind === 'interface' ? balanced(rest) : until(rest, ';');
    found.set(name, { doc: plain(doc), type: rest.slice(0, end).trim() });
  }
  return new Map([...found].map(([name, { doc, type }]) => [name, { doc, type: withInherited(found, type) }]));
}

/** An interface's own fields, then those of the one that it extends. */
function withInherited(all: ReadonlyMap<string, Declared>, type: string): string {
  const [head = '', base = ''] = /^extends (\w+) /.exec(type) ?? [];
  if (head === '') return type;
  const inherited = withInherited(all, all.get(base)?.type ?? '{}');
  return `${type.slice(head.length, -1)}${inherited.slice(1)}`;
}

/** The fields of an object type `{ … }`. */
export function fieldsOf(type: string): Field[] {
  const fields: Field[] = [];
  let rest = type.slice(1, -1).trim();
  while (rest !== '') {
    const { doc, after } = documented(rest);
    const [head = '', name = '', mark] = /^readonly (\w+)(\?)?:\s*/.exec(after) ?? [];
    if (name === '') throw new Error(`This is not a field: ${after.slice(0, 80)}`);
    const body = after.slice(head.length);
    const end = until(body, ';');
    fields.push({ name, optional: mark === '?', doc, type: body.slice(0, end).trim() });
    rest = body.slice(end + 1).trim();
  }
  return fields;
}

/** The forms of a union, each with the docstring before it. */
export function formsOf(type: string): Form[] {
  const forms: Form[] = [];
  let rest = type.trim();
  while (rest !== '') {
    const before = documented(rest);
    const bare = before.after.replace(/^\|\s*/, '');
    const { doc, after } = documented(bare);
    const end = until(after, '|');
    // A docstring after this form is the next one's.
    const own = after.slice(0, end);
    const at = own.search(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/);
    forms.push({ doc: doc || before.doc, type: (at === -1 ? own : own.slice(0, at)).trim() });
    rest = `${at === -1 ? '' : own.slice(at)}${after.slice(end)}`.trim();
  }
  return forms;
}

function documented(text: string): { doc: string; after: string } {
  const [whole = '', doc = ''] = DOC.exec(text) ?? [];
  return { doc: plain(doc), after: text.slice(whole.length) };
}

function plain(doc: string): string {
  return doc
    .replace(/^\s*\*/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Index of `end` outside of brackets, comments and texts, or the length. */
function until(text: string, end: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const skipped = skip(text, at);
    if (skipped > at) at = skipped - 1;
    else if (text[at] === end) return at;
  }
  return text.length;
}

function balanced(text: string): number {
  const from = text.indexOf('{');
  return skip(text, from);
}

/** Where what begins at `at` ends, if that is a bracket, a comment or a text. */
function skip(text: string, at: number): number {
  const character = text[at] ?? '';
  if (text.startsWith('/**', at)) return text.indexOf('*/', at) + 2;
  if (character === "'" || character === '`') return text.indexOf(character, at + 1) + 1;
  const closing = CLOSING[character];
  if (closing === undefined) return at;
  let inner = at + 1;
  while (inner < text.length && text[inner] !== closing) {
    const skipped = skip(text, inner);
    inner = skipped > inner ? skipped : inner + 1;
  }
  return inner + 1;
}
