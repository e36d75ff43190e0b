/**
 * The one door of texts into a graph: in training, in evaluation and at the endpoint. No operator knows Unicode's normal form,
 * and those that lower case do it otherwise on each machine, so it is done here.
 */

/** What a text has beyond these UTF-16 units is not read. */
export const MOST_CHARACTERS = 8_192;

/** Its beginning, in lower case (of no language), composed (NFC), with one blank for each run of white space. */
export function normalText(text: string): string {
  return beginningOf(text).toLowerCase().normalize('NFC').replaceAll(/\s+/gu, ' ');
}

/** Never half of a character. */
function beginningOf(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const isCut = (text.codePointAt(MOST_CHARACTERS - 1) ?? 0) > 0xffff;
  return text.slice(0, isCut ? MOST_CHARACTERS - 1 : MOST_CHARACTERS);
}
