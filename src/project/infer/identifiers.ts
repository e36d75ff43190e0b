/** Headers of a file as names of columns: safe in SQL and as inputs of a model, and still recognisable. */
import { COLUMN_NAME, RESERVED_COLUMNS } from '../../domain/ids';

const MOST_LETTERS = 63;

/** Letters that no accent makes of a Latin one. */
const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'ß ss',
    'ẞ SS',
    'æ ae',
    'Æ AE',
    'œ oe',
    'Œ OE',
    'ø o',
    'Ø O',
    'ł l',
    'Ł L',
    'đ d',
    'Đ D',
    'ð d',
    'Ð D',
    'þ th',
    'Þ TH',
  ].map((pair) => pair.split(' ') as [string, string])
);

/** One name for each header, no two alike. `Temp (°C)` → `Temp_C`, `2nd floor` → `c_2nd_floor`, `` → `column_1`. */
export function identifiersOf(headers: readonly string[]): readonly string[] {
  const taken = new Set(RESERVED_COLUMNS.map((name) => name.toLowerCase()));
  return headers.map((header, i) => {
    const name = free(identifierOf(header, i), taken);
    taken.add(name.toLowerCase());
    return name;
  });
}

function identifierOf(header: string, index: number): string {
  if (COLUMN_NAME.test(header)) return header;
  const plain = header
    .replace(/[ßẞæÆœŒøØłŁđĐðÐþÞ]/g, (letter) => LETTERS[letter]!)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, MOST_LETTERS - 2);
  if (plain === '') return `column_${index + 1}`;
  return /^[A-Za-z]/.test(plain) ? plain : `c_${plain}`;
}

function free(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name.toLowerCase())) return name;
  for (let n = 2; ; n += 1) {
    const numbered = `${name.slice(0, MOST_LETTERS - 1 - String(n).length)}_${n}`;
    if (!taken.has(numbered.toLowerCase())) return numbered;
  }
}
