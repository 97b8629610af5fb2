import type { AttributeValue } from './otlp-request.ts';

/** An attribute's value as the value of a label: lists and maps are JSON, with the keys of maps in order, bytes base64. */
export function attributeText(value: AttributeValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object') return json(value);
  return String(value);
}

function json(value: AttributeValue): string {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(attributeText(value));
  if ('entries' in value && !Array.isArray(value)) {
    const { entries } = value as { readonly entries: readonly (readonly [string, AttributeValue])[] };
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`).join(',')}}`;
  }
  return `[${(value as readonly AttributeValue[]).map(json).join(',')}]`;
}
