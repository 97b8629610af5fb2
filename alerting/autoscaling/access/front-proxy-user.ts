import type { RequestUser } from '../access-control.ts';
import type { FrontProxy } from './access-configuration.ts';

/** Names and values of headers one after the other, as Node's `rawHeaders`. */
export type RawHeaders = readonly string[];

/** Whom a front proxy asks for, by its headers; undefined when it names nobody. Call it only for a proxy that was verified. */
export function frontProxyUser(headers: RawHeaders, proxy: FrontProxy): RequestUser | undefined {
  const { userHeaders, uidHeaders, groupHeaders, extraPrefixes } = proxy;
  const name = firstOf(headers, userHeaders);
  if (name === '') return undefined;
  const extra = new Map<string, string[]>();
  for (const prefix of extraPrefixes) {
    for (const [header, value] of pairs(headers)) {
      if (!header.startsWith(prefix)) continue;
      const key = unescaped(header.slice(prefix.length));
      const values = extra.get(key);
      if (values === undefined) extra.set(key, [value]);
      else values.push(value);
    }
  }
  return {
    name,
    uid: firstOf(headers, uidHeaders) || undefined,
    groups: groupHeaders.flatMap((wanted) => valuesOf(headers, wanted)),
    extra,
  };
}

/** Whether a header says who asks, and so must not be believed or passed on unless a front proxy sent it. */
export function saysWho(header: string, proxy: FrontProxy | undefined): boolean {
  if (header.startsWith('x-remote-')) return true;
  if (proxy === undefined) return false;
  const { userHeaders, uidHeaders, groupHeaders, extraPrefixes } = proxy;
  return (
    [...userHeaders, ...uidHeaders, ...groupHeaders].includes(header) ||
    extraPrefixes.some((prefix) => header.startsWith(prefix))
  );
}

/** The first value that is not empty, of the headers in this order. */
function firstOf(headers: RawHeaders, wanted: readonly string[]): string {
  for (const name of wanted) {
    // Of a header that was sent more than once the first one counts, as for the API server.
    const value = valuesOf(headers, name)[0];
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

function valuesOf(headers: RawHeaders, wanted: string): readonly string[] {
  const values: string[] = [];
  for (const [name, value] of pairs(headers)) if (name === wanted) values.push(value);
  return values;
}

function* pairs(headers: RawHeaders): Generator<readonly [name: string, value: string]> {
  for (let i = 0; i + 1 < headers.length; i += 2) yield [headers[i]!.toLowerCase(), utf8(headers[i + 1]!)];
}

/** Node takes each byte of a header for a character, and names are in UTF-8. */
function utf8(value: string): string {
  return Buffer.from(value, 'latin1').toString();
}

/** What is not percent-encoded as it should be stands for itself. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
