/** One element of DER: a tag, and what it holds. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** With the tag and the length. */
  readonly whole: Buffer;
}

/** The tags that certificates are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The elements that stand one after another in bytes. Throws when they are not DER to the last byte. */
export function derElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = elementAt(bytes, at);
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** The elements inside of one that must have this tag. */
export function derChildren(element: DerElement | undefined, tag: number = TAG.sequence): readonly DerElement[] {
  return derElements(derContent(element, tag));
}

/** What an element holds that must have this tag. */
export function derContent(element: DerElement | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new Error(`expected the DER tag ${tag}, got ${element?.tag ?? 'nothing'}`);
  return element.content;
}

/** `1.2.840.10045.4.3.2` */
export function derObjectId(element: DerElement | undefined): string {
  const bytes = derContent(element, TAG.objectId);
  const parts: number[] = [];
  let part = 0;
  for (const byte of bytes) {
    if (part > 0xffffff) throw new Error('expected an object identifier of small numbers, got a large one');
    part = part * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    parts.push(part);
    part = 0;
  }
  const [first, ...rest] = parts;
  if (first === undefined || bytes.at(-1)! & 0x80) throw new Error('expected an object identifier, got a cut one');
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join('.');
}

/** Unix milliseconds of a UTCTime or a GeneralizedTime as certificates have them: with seconds, and of Greenwich. */
export function derTime(element: DerElement | undefined): number {
  const text = element?.content.toString('latin1') ?? '';
  const short = element?.tag === TAG.utcTime;
  if (!short && element?.tag !== TAG.generalizedTime) throw new Error('expected a time, got something else');
  const match = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (match === null) throw new Error('expected a time of the form YYYYMMDDhhmmssZ, got another one');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fullYear = short ? (year < 50 ? 2000 + year : 1900 + year) : year;
  const time = new Date(0);
  time.setUTCFullYear(fullYear, month - 1, day);
  return time.setUTCHours(hour, minute, second, 0);
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const tag = bytes[at]!;
  if ((tag & 0x1f) === 0x1f) throw new Error('expected a DER tag of one byte, got a longer one');
  const first = bytes[at + 1];
  if (first === undefined) throw new Error('expected a DER length, got the end');
  let start = at + 2;
  let length = first;
  if (first & 0x80) {
    const count = first & 0x7f;
    if (count < 1 || count > 4) throw new Error(`expected a DER length of 1 to 4 bytes, got ${count}`);
    if (start + count > bytes.length) throw new Error('expected a DER length, got the end');
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  if (start + length > bytes.length) throw new Error('expected a DER element, got the beginning of one');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}
