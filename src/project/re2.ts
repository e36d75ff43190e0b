/**
 * What of a regular expression RE2 can't read. It leaves out what takes more than linear time: looking ahead and behind,
 * and references to groups. The rest of its grammar is DuckDB's to judge, before the first batch is read.
 */

/** Outside of classes, after an escaped character has been skipped. */
const TOO_MUCH: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, 'looks ahead or behind'],
  [/^\\[1-9]/, 'refers to a group'],
  [/^\\k[<{]/, 'refers to a group'],
  [/^\(\?>/, 'has an atomic group'],
];
/** Written for RE2 and not for JavaScript: flags, named groups, classes, ends of the text, literal runs. */
const OF_RE2 = /\(\?[a-zA-Z-]+[:)]|\(\?P?<[a-zA-Z_]|\[\[:|\\[AzQECpP]/;

/** What is wrong, in words; undefined of a pattern without such mistakes. */
export function re2Mistake(pattern: string): string | undefined {
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at, at + 4);
    const found = inClass ? undefined : TOO_MUCH.find(([form]) => form.test(rest));
    if (found !== undefined) return `${found[1]} at character ${at + 1}, which RE2 can't do`;
    if (rest.startsWith('\\')) at += 1;
    else if (rest.startsWith('[')) inClass = true;
    else if (rest.startsWith(']')) inClass = false;
  }
  if (OF_RE2.test(pattern)) return undefined;
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return `is not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`;
  }
}
