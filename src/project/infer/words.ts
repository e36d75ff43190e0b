/** Figures in comments. */
export const counted = (n: number): string => n.toLocaleString('en-US');

/** 0.0123 → 1.2 % */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** The first few, and how many more there are. */
export function listOf(items: readonly string[], most = 10): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${counted(items.length - most)} more` : shown;
}
