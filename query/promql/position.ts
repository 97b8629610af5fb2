/** Where an offset of the query text lies, `line:column`, both from 1. Columns count bytes of UTF-8, as in Prometheus. */
export function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1}`;
}
