/**
 * How an answer in a format can be streamed. The engine writes each block of a streamed result as a document of its
 * own, so:
 *
 * - `plain`: documents can be written one after another
 * - a function: the same without what it measures, the header that begins every document
 * - undefined: the documents cannot be joined; the answer has to be made in one piece
 */
export function streamingOf(format: string): 'plain' | ((document: Uint8Array) => number) | undefined {
  const [, base = '', names, types] = /^(.*?)(WithNames)?(AndTypes)?$/.exec(format)!;
  const joinable = JOINABLE.has(base) && (types === undefined || names !== undefined);
  if (!joinable) return undefined;
  if (names === undefined) return 'plain';
  const rows = types === undefined ? 1 : 2;
  if (base === 'RowBinary') return (document) => binaryHeader(document, rows);
  return (document) => linesLength(document, rows, base === 'CSV' ? 0x22 : undefined);
}

const JOINABLE = new Set([
  'CSV',
  'TSV',
  'TabSeparated',
  'TSVRaw',
  'TabSeparatedRaw',
  'JSONEachRow',
  'JSONLines',
  'NDJSON',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'RowBinary',
  'Native',
  'LineAsString',
  'MsgPack',
]);

/** The length of the first lines. Line ends between two `quote` bytes do not count. */
function linesLength(document: Uint8Array, lines: number, quote: number | undefined): number {
  let quoted = false;
  for (let i = 0; i < document.length; i++) {
    const byte = document[i];
    if (byte === quote) quoted = !quoted;
    else if (byte === 0x0a && !quoted && --lines === 0) return i + 1;
  }
  return document.length;
}

/** The length of a column count and of `rows` strings per column, all lengths as LEB128. */
function binaryHeader(document: Uint8Array, rows: number): number {
  let position = 0;
  const length = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = document[position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const strings = length() * rows;
  for (let i = 0; i < strings; i++) {
    const bytes = length();
    position += bytes;
  }
  return position;
}

/** The content type that ClickHouse gives for a format. */
export function contentType(format: string): string {
  if (/^(JSON\w*EachRow\w*|NDJSON|JSONLines)$/.test(format)) return 'application/x-ndjson; charset=UTF-8';
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8';
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (format.startsWith('CSV'))
    return `text/csv; charset=UTF-8; header=${format.includes('WithNames') ? 'present' : 'absent'}`;
  if (format === 'XML') return 'application/xml; charset=UTF-8';
  if (/^(Native|RowBinary\w*|Parquet|Arrow\w*|ORC|Avro|MsgPack|Protobuf\w*|Npy|BSONEachRow|CapnProto)$/.test(format)) {
    return 'application/octet-stream';
  }
  return 'text/plain; charset=UTF-8';
}
