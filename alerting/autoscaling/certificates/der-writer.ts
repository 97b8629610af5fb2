import { TAG } from './der-reader.ts';

/** A tag, the content's length and the content. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

export function derSequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, ...parts);
}

/** Bits whose last byte has so many that do not count. */
export function derBits(content: Buffer, unused = 0): Buffer {
  return der(TAG.bitString, Buffer.from([unused]), content);
}

/** From `1.2.840.10045.4.3.2`. */
export function derObjectIdOf(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(TAG.objectId, Buffer.from(bytes));
}

/** A number of at least 0, from its bytes. */
export function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const plain = bytes.subarray(start);
  // The first bit is the sign.
  return plain[0]! & 0x80 ? der(TAG.integer, Buffer.from([0]), plain) : der(TAG.integer, plain);
}

/** As a certificate must have it: UTCTime before 2050, GeneralizedTime from then on. Rounded down to seconds. */
export function derTimeOf(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const isShort = digits < '2050';
  return der(isShort ? TAG.utcTime : TAG.generalizedTime, Buffer.from(`${isShort ? digits.slice(2) : digits}Z`));
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left & 0xff);
  return [0x80 | bytes.length, ...bytes];
}
