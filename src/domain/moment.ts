/** Moments as text, ISO-8601. JavaScript's own parser takes February 30 for March 2; this one refuses it. */

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](\d\d):(\d\d))$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** Milliseconds since 1970 of a moment with its zone (without one it names no instant); undefined for any other text. */
export function momentMs(text: string): number | undefined {
  const match = MOMENT.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second = 0, zoneHours = 0, zoneMinutes = 0] = match.slice(1).map(Number);
  if (!isDay(year!, month!, day!) || hour! > 23 || minute! > 59 || second > 59) return undefined;
  return zoneHours > 23 || zoneMinutes > 59 ? undefined : Date.parse(text);
}

/** The same, and a day alone, which is its midnight in UTC. */
export function momentOrDayMs(text: string): number | undefined {
  const match = DATE.exec(text);
  if (match === null) return momentMs(text);
  const [year, month, day] = match.slice(1).map(Number);
  return isDay(year!, month!, day!) ? Date.parse(text) : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}
