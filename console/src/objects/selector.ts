/** A text as PromQL writes it, with its quotes. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/**
 * Matchers of exactly these labels, in braces; what is undefined is not asked for, '' asks for its absence.
 *
 *     { cluster: '', pod: 'web-0', container: undefined }   {cluster="",pod="web-0"}
 */
export function selector(labels: Readonly<Record<string, string | undefined>>, ...more: readonly string[]): string {
  const matchers = Object.entries(labels).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`],
  );
  return `{${[...matchers, ...more].join(',')}}`;
}

/** One of these metrics: a matcher on the name, for series of many kinds in one question. */
export function named(names: readonly string[]): string {
  return `__name__=~${quoted(names.join('|'))}`;
}
