/** The most that an error shows of what a file, a server or a caller holds. */
export const MOST_QUOTED = 80;

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Co}]+/gu;
const SPACES = /\s+/g;

/** At most 80 printable characters of a text that is not ours, on one line; `…` stands for what was cut. */
export function quoted(text: string, most = MOST_QUOTED): string {
  // Long before it is taken apart: the text may be a whole file.
  const line = text
    .slice(0, most * 8)
    .replace(SPACES, ' ')
    .replace(UNPRINTABLE, '?')
    .trim();
  const characters = Array.from(line);
  return characters.length <= most && text.length <= most * 8 ? line : `${characters.slice(0, most - 1).join('')}…`;
}

/** In Markdown what people or data named: it must not become markup. */
export function verbatim(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}
