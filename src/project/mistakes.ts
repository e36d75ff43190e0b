/** Zod's findings as sentences that a person can act on, each with the path of its field. */
import type { z } from 'zod';
import { didYouMean } from '../domain/did-you-mean';

export interface Mistake {
  /** `gates[1].atLeast` */
  readonly path: string;
  /** What is wrong and what would be right, in words. */
  readonly problem: string;
}

export type Path = readonly PropertyKey[];

/** `['gates', 1, 'atLeast']` → `gates[1].atLeast` */
export function pathText(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z_]\w*$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
    })
    .join('')
    .replace(/^\./, '');
}

export function mistakesOf(error: z.ZodError, at: Path): Mistake[] {
  return problemsOf(error).map(({ path, problem }) => ({ path: pathText([...at, ...path]), problem }));
}

/** The same, each with its path in parts. */
export function problemsOf(error: z.ZodError): { readonly path: Path; readonly problem: string }[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, issue.path));
}

function problemsOfIssue(issue: z.core.$ZodIssue, path: Path): { readonly path: Path; readonly problem: string }[] {
  if (issue.code === 'unrecognized_keys') {
    // `record` in schema-parts.ts leaves the keys that there are in the message.
    return issue.keys.map((key) => ({
      path: [...path, key],
      problem: noSuchField(key, issue.message.split(' ')),
    }));
  }
  const problem = issue.code === 'invalid_key' ? issue.issues.map(sentence).join('; ') : sentence(issue);
  return [{ path, problem }];
}

export function noSuchField(key: string, known: readonly string[]): string {
  return `there is no such field.${didYouMean(key, known) || ` Fields are ${known.join(', ')}.`}`;
}

function sentence(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (issue.code === 'invalid_type') return must(`be ${NOUNS[issue.expected] ?? issue.expected}`, input);
  if (issue.code === 'invalid_value') {
    const options = issue.values.map(String);
    const near = typeof input === 'string' ? didYouMean(input, options) : '';
    return `${must(`be ${listed(options)}`, input)}${near === '' ? '' : `.${near}`}`;
  }
  if (issue.code === 'too_small') {
    return must(sized(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least'), input);
  }
  if (issue.code === 'too_big') {
    return must(sized(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most'), input);
  }
  return issue.message;
}

function must(what: string, input: unknown): string {
  return input === undefined ? `is missing; it must ${what}` : `must ${what}, is ${excerptOf(input)}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function sized(origin: string, limit: number | bigint, bound: string): string {
  if (origin === 'array') return `have ${bound} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `have ${bound} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return `be ${bound} ${limit}`;
}

/** `a`, `a or b`, `a, b or c` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value as it is shown in a sentence: short, and never more than it needs. */
export function excerptOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…"`;
}
