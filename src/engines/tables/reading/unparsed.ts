/** What a row says that can't be read, as JSON beside the row, and in words. */
import { type ColumnDefinition, type ColumnType, typeInWords } from '../../../domain/definition';
import { MOST_QUOTED } from '../../../domain/quote';
import { text, UNPARSED } from '../sql';
import { MISFIT, type TypedTable } from './table';

/** JSON text `{column: text}`, `{"": why}` of a row that can't be read at all, NULL of one that can. */
export function unparsedOf({ columns }: TypedTable): string {
  const broken = columns.flatMap(({ name, definition, broken: its }) => {
    if (its === undefined) return [];
    const shown = definition.privacy === true ? `'…'` : printable(its.shown);
    return [{ when: `(${its.when})`, entry: `CASE WHEN ${its.when} THEN {k: ${text(name)}, v: ${shown}} END` }];
  });
  const row = `WHEN "${MISFIT}" IS NOT NULL THEN json_object('', "${MISFIT}")`;
  if (broken.length === 0) return `(CASE ${row} END)::VARCHAR`;
  const entries = `list_filter([${broken.map(({ entry }) => entry).join(', ')}], e -> e IS NOT NULL)`;
  const any = broken.map(({ when }) => when).join(' OR ');
  return `(CASE ${row} WHEN ${any} THEN to_json(map_from_entries(${entries})) END)::VARCHAR`;
}

/** The reason for which such a row is refused, made of `__unparsed`: `amount: not an integer; at: not a timestamp`. */
export function unparsedReason(columns: Readonly<Record<string, ColumnDefinition>>): string {
  const reasons = Object.entries(columns).map(([name, { type }]) => [text(name), text(notA(name, type))] as const);
  const known = `MAP {${reasons.map(([name, reason]) => `${name}: ${reason}`).join(', ')}}`;
  const why = `'row: ' || json_extract_string("${UNPARSED}", '/')`;
  return `array_to_string(list_transform(json_keys("${UNPARSED}"), k -> coalesce(${known}[k], ${why})), '; ')`;
}

function notA(name: string, type: ColumnType): string {
  return `${name}: not ${typeInWords(type)}`;
}

/** As `quoted` of domain/quote.ts does it. */
function printable(it: string): string {
  return `regexp_replace(left(${it}, ${MOST_QUOTED}), '[\\p{C}\\p{Zl}\\p{Zp}]', '?', 'g')`;
}
