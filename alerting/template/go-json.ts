import { GoDuration } from './go-duration.ts';
import { GoHtml } from './go-html.ts';
import { GoTime } from './go-time.ts';
import { GoMap, isList, type Value } from './value.ts';

/** As Go's encoder escapes what could end a script element or a line of JavaScript. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/** The value as JSON, as Go's json.Marshal writes it: maps by key, times in RFC 3339. A number that JSON has not is null. */
export function toJson(value: Value): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value instanceof GoHtml) return quoted(value.text);
  if (value instanceof GoDuration) return String(value.nanoseconds);
  if (value instanceof GoTime) return quoted(value.format('2006-01-02T15:04:05.999999999Z07:00'));
  if (isList(value)) return `[${value.map(toJson).join(',')}]`;
  if (value instanceof GoMap) {
    return `{${value.sortedKeys().map((key) => `${quoted(key)}:${toJson(value.get(key))}`)}}`;
  }
  const fields = [...value.fields].map(([name, field]) => `${quoted(value.jsonName(name))}:${toJson(field)}`);
  return `{${fields.join(',')}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
