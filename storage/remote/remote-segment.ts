/**
 * A segment of a remote write outbox: what was appended within about a second, as the bodies of remote write requests that are
 * sent as they are. A file stands for itself: every body names its series in full. All that is known without reading it is in
 * its name, so that a start reads no file, and one that is torn is recognised:
 *
 *     00000003-0000000042.1732640000123.8123.1.104857.9ae0daaf.rw1
 *     epoch    sequence   written (ms)  samples parts bytes CRC-32
 *
 * The content: of each part its samples and its length as 32-bit numbers, low byte first, then the parts.
 */
export interface RemoteSegment {
  readonly epoch: number;
  readonly sequence: number;
  /** When it became durable, in milliseconds. */
  readonly writtenAt: number;
  readonly samples: number;
  readonly parts: number;
  readonly bytes: number;
  readonly crc: number;
}

/** The body of one request, compressed. */
export interface SegmentPart {
  readonly samples: number;
  readonly body: Uint8Array;
}

const NAME = /^(\d{8})-(\d{10})\.(\d+)\.(\d+)\.(\d+)\.(\d+)\.([0-9a-f]{8})\.rw1$/;
const PART_HEADER_BYTES = 8;

/** The name of a segment's file. */
export function remoteSegmentName(segment: RemoteSegment): string {
  const { epoch, sequence, writtenAt, samples, parts, bytes, crc } = segment;
  const number = `${String(epoch).padStart(8, '0')}-${String(sequence).padStart(10, '0')}`;
  return `${number}.${writtenAt}.${samples}.${parts}.${bytes}.${crc.toString(16).padStart(8, '0')}.rw1`;
}

/** What a name says; undefined when it is not the name of a segment's file. */
export function parseRemoteSegmentName(name: string): RemoteSegment | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [epoch, sequence, writtenAt, samples, parts, bytes] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { epoch, sequence, writtenAt, samples, parts, bytes, crc: Number.parseInt(match[7]!, 16) };
}

/** The content of a segment's file, in pieces. */
export function encodeRemoteSegment(parts: readonly SegmentPart[]): Uint8Array[] {
  const header = Buffer.alloc(parts.length * PART_HEADER_BYTES);
  for (const [i, { samples, body }] of parts.entries()) {
    header.writeUInt32LE(samples, i * PART_HEADER_BYTES);
    header.writeUInt32LE(body.length, i * PART_HEADER_BYTES + 4);
  }
  return [header, ...parts.map(({ body }) => body)];
}

/** The parts of a file whose checksum is good; undefined when they do not fill it exactly. */
export function decodeRemoteSegment(content: Buffer, parts: number): SegmentPart[] | undefined {
  let at = parts * PART_HEADER_BYTES;
  if (at > content.length) return undefined;
  const found: SegmentPart[] = [];
  for (let i = 0; i < parts; i++) {
    const samples = content.readUInt32LE(i * PART_HEADER_BYTES);
    const length = content.readUInt32LE(i * PART_HEADER_BYTES + 4);
    found.push({ samples, body: content.subarray(at, at + length) });
    at += length;
  }
  return at === content.length ? found : undefined;
}
