/** A string as a SQL literal. ClickHouse reads backslash escapes, so quote, backslash and NUL are escaped. */
export function sqlString(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** Strings as a SQL tuple or array body: 'a', 'b'. */
export function sqlStrings(values: Iterable<string>): string {
  return [...values].map(sqlString).join(', ');
}

/** Ids, given as pairs of 32-bit halves with the low one first, as a SQL tuple body. */
export function sqlIds(ids: Uint32Array): string {
  const texts: string[] = [];
  for (let at = 0; at < ids.length; at += 2) texts.push(((BigInt(ids[at + 1]!) << 32n) | BigInt(ids[at]!)).toString());
  return texts.join(', ');
}

/** A time in milliseconds as a DateTime64(3, 'UTC') literal. Times outside what a sample may have are moved to its edge. */
export function sqlTime(milliseconds: number): string {
  const time = Math.min(Math.max(Math.floor(milliseconds), 0), MAX_TIMESTAMP);
  return `fromUnixTimestamp64Milli(toInt64(${time}), 'UTC')`;
}

/**
 * Exclusive end of the timestamps that can be stored, the year 2100: the hour and the expiry of a sample are counted in
 * seconds in 32 bits, which end in 2106.
 */
export const MAX_TIMESTAMP = Date.UTC(2100, 0, 1);
