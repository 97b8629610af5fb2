/** A certificate that vouches for itself, for a server whose clients are told to trust it. DER is written by hand: it is little. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface SelfSigned {
  /** PEM; also the authority that clients must be given. */
  readonly cert: string;
  readonly key: string;
}

const ECDSA_SHA256 = [1, 2, 840, 10045, 4, 3, 2];
const COMMON_NAME = [2, 5, 4, 3];
const BASIC_CONSTRAINTS = [2, 5, 29, 19];
const ALTERNATIVE_NAMES = [2, 5, 29, 17];
const YEAR = 365 * 86_400_000;

/** Of a new key on the curve P-256, valid from a day ago for ten years, for these names and IPv4 addresses. */
export function selfSigned(hosts: readonly string[] = ['127.0.0.1', 'localhost']): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, hosts);
  const algorithm = sequence(objectId(ECDSA_SHA256));
  const signature = bitString(sign('sha256', body, privateKey));
  return {
    cert: pem('CERTIFICATE', sequence(body, algorithm, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function certificateBody(publicKey: KeyObject, hosts: readonly string[]): Buffer {
  const name = sequence(tagged(0x31, sequence(objectId(COMMON_NAME), tagged(0x0c, Buffer.from('simulated')))));
  const now = Date.now();
  const serial = randomBytes(16);
  // An INTEGER whose first bit is set would be negative.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const constraints = sequence(tagged(0x01, Buffer.from([0xff])));
  const names = sequence(...hosts.map(alternativeName));
  return sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    sequence(objectId(ECDSA_SHA256)),
    name,
    sequence(time(now - 86_400_000), time(now + 10 * YEAR)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(extension(BASIC_CONSTRAINTS, constraints), extension(ALTERNATIVE_NAMES, names))),
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

function bitString(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
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
