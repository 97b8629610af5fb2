/** X.509 certificates on the curve P-256. DER is written by hand: it is little. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** Both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** What a client's certificate says of its user's groups. Default: none. */
  readonly organisations?: readonly string[];
  /** Names and IPv4 addresses of a server. Default: none. */
  readonly hosts?: readonly string[];
  /** Default: a server's when it has hosts, a client's otherwise. An authority vouches for others; `any` is all three. */
  readonly usage?: 'authority' | 'server' | 'client' | 'any';
  /** Unix milliseconds. Default: from a day ago for ten years. */
  readonly from?: number;
  readonly until?: number;
}

/** Who signs. */
export interface Issuer {
  readonly request: CertificateRequest;
  readonly key: KeyObject;
}

const ECDSA_SHA256 = [1, 2, 840, 10045, 4, 3, 2];
const COMMON_NAME = [2, 5, 4, 3];
const ORGANISATION = [2, 5, 4, 10];
const KEY_USAGE = [2, 5, 29, 15];
const BASIC_CONSTRAINTS = [2, 5, 29, 19];
const ALTERNATIVE_NAMES = [2, 5, 29, 17];
const EXTENDED_KEY_USAGE = [2, 5, 29, 37];
const SERVER_AUTH = [1, 3, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH = [1, 3, 6, 1, 5, 5, 7, 3, 2];
const DAY = 86_400_000;

/** A new key and a certificate of it, signed by the issuer, or by itself without one. */
export function makeCertificate(
  request: CertificateRequest,
  issuer?: Issuer,
): KeyPair & { readonly privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(request, { publicKey, issuer: issuer?.request ?? request });
  const signature = bitString(0, sign('sha256', body, issuer?.key ?? privateKey));
  return {
    cert: pem('CERTIFICATE', sequence(body, sequence(objectId(ECDSA_SHA256)), signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    privateKey,
  };
}

function certificateBody(
  request: CertificateRequest,
  { publicKey, issuer }: { readonly publicKey: KeyObject; readonly issuer: CertificateRequest },
): Buffer {
  const { hosts = [], from = Date.now() - DAY, until = Date.now() + 3650 * DAY } = request;
  const { usage = hosts.length > 0 ? 'server' : 'client' } = request;
  const serial = randomBytes(16);
  // An INTEGER whose first bit is set would be negative.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const authority = usage === 'authority' || usage === 'any';
  // Bits are counted from the highest: keyCertSign and cRLSign, or digitalSignature.
  const keyUsage = authority ? bitString(1, Buffer.from([0x06])) : bitString(7, Buffer.from([0x80]));
  const extended = sequence(objectId(usage === 'server' ? SERVER_AUTH : CLIENT_AUTH));
  const extensions = [
    ...(usage === 'any' ? [] : [extension(KEY_USAGE, keyUsage)]),
    extension(BASIC_CONSTRAINTS, authority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence()),
    ...(authority ? [] : [extension(EXTENDED_KEY_USAGE, extended)]),
    ...(hosts.length > 0 ? [extension(ALTERNATIVE_NAMES, sequence(...hosts.map(alternativeName)))] : []),
  ];
  return sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    sequence(objectId(ECDSA_SHA256)),
    nameOf(issuer),
    sequence(time(from), time(until)),
    nameOf(request),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
}

function nameOf({ commonName, organisations = [] }: CertificateRequest): Buffer {
  const part = (id: readonly number[], value: string) =>
    tagged(0x31, sequence(objectId(id), tagged(0x0c, Buffer.from(value))));
  return sequence(
    ...organisations.map((organisation) => part(ORGANISATION, organisation)),
    part(COMMON_NAME, commonName),
  );
}

function alternativeName(host: string): Buffer {
  if (isIPv4(host)) return tagged(0x87, Buffer.from(host.split('.').map(Number)));
  return tagged(0x82, Buffer.from(host));
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(objectId(id), tagged(0x04, value));
}

/** A tag, the content's length and the content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function bitString(unused: number, content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

function objectId([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${text}Z`));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
