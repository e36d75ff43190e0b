const MICROSECONDS = 1000n;

/** µs since 1970 → ISO-8601 in UTC, with six digits where milliseconds don't say it all. */
export function isoOf(microseconds: bigint): string {
  const rest = ((microseconds % MICROSECONDS) + MICROSECONDS) % MICROSECONDS;
  const iso = new Date(Number((microseconds - rest) / MICROSECONDS)).toISOString();
  return rest === 0n ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}
