/** Which Temporal servers can do what we need. */

/** The first release whose update-with-start is ready for use: decisions go by it. */
export const LEAST_TEMPORAL = '1.28';

/** Whether a server of this version is too old. One that doesn't say its version, as a test server, is taken. */
export function isTemporalTooOld(version: string): boolean {
  const [major, minor] = numbersOf(version);
  const [leastMajor = 0, leastMinor = 0] = numbersOf(LEAST_TEMPORAL);
  if (major === undefined || minor === undefined) return false;
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** `1.32.0-rc.1` → 1, 32 */
function numbersOf(version: string): number[] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? [] : [Number(major), Number(minor)];
}
