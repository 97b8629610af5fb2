import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { COMMON_NAME, EXTENSION } from './certificate.ts';
import { TAG } from './der-reader.ts';
import { der, derBits, derInteger, derObjectIdOf, derSequence, derTimeOf } from './der-writer.ts';

/** A certificate with its private key, both in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateRequest {
  readonly commonName: string;
  /** The groups of a client. */
  readonly organizations?: readonly string[];
  /** DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  /** Default: none, so that it is good for everything. */
  readonly purposes?: readonly string[];
  /** Whether it may sign others. Default false. */
  readonly isAuthority?: boolean;
  /** Unix milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Who signs it. Default: it signs itself. */
  readonly issuer?: KeyPair & { readonly commonName: string };
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const ORGANIZATION = '2.5.4.10';

/** A certificate for a new key on the curve P-256, signed with ECDSA and SHA-256: RFC 5280. */
export function issueCertificate(request: CertificateRequest): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const signer = request.issuer?.key ?? key;
  const body = bodyOf(request, publicKey, createPublicKey(signer));
  const signature = derBits(sign('sha256', body, signer));
  return { cert: pem('CERTIFICATE', derSequence(body, derSequence(derObjectIdOf(ECDSA_SHA256)), signature)), key };
}

function bodyOf(request: CertificateRequest, publicKey: KeyObject, signer: KeyObject): Buffer {
  const { commonName, organizations = [], issuer, notBefore, notAfter } = request;
  const serial = randomBytes(16);
  // Positive and never shorter.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return derSequence(
    der(0xa0, derInteger(Buffer.from([2]))),
    derInteger(serial),
    derSequence(derObjectIdOf(ECDSA_SHA256)),
    issuer === undefined ? nameOf(commonName, organizations) : nameOf(issuer.commonName, []),
    derSequence(derTimeOf(notBefore), derTimeOf(notAfter)),
    nameOf(commonName, organizations),
    spki(publicKey),
    der(0xa3, derSequence(...extensionsOf(request, publicKey, signer))),
  );
}

function extensionsOf(request: CertificateRequest, publicKey: KeyObject, signer: KeyObject): readonly Buffer[] {
  const { hosts = [], purposes = [], isAuthority = false } = request;
  const constraints = isAuthority ? derSequence(der(TAG.boolean, Buffer.from([0xff]))) : derSequence();
  // Authorities sign certificates (the sixth bit), others what TLS makes them sign (the first).
  const usage = isAuthority ? derBits(Buffer.from([0x04]), 2) : derBits(Buffer.from([0x80]), 7);
  const extensions = [
    extension(EXTENSION.basicConstraints, constraints, { critical: true }),
    extension(EXTENSION.keyUsage, usage, { critical: true }),
    extension(EXTENSION.subjectKeyId, der(TAG.octetString, keyId(publicKey))),
    extension(EXTENSION.authorityKeyId, derSequence(der(0x80, keyId(signer)))),
  ];
  if (purposes.length > 0) extensions.push(extension(EXTENSION.purposes, derSequence(...purposes.map(derObjectIdOf))));
  if (hosts.length > 0) extensions.push(extension(EXTENSION.alternativeNames, derSequence(...hosts.map(hostName))));
  return extensions;
}

function extension(id: string, value: Buffer, { critical = false } = {}): Buffer {
  const flag = critical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return derSequence(derObjectIdOf(id), ...flag, der(TAG.octetString, value));
}

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const part = (id: string, text: string): Buffer =>
    der(TAG.set, derSequence(derObjectIdOf(id), der(TAG.utf8String, Buffer.from(text))));
  return derSequence(...organizations.map((name) => part(ORGANIZATION, name)), part(COMMON_NAME, commonName));
}

function hostName(host: string): Buffer {
  return isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest();
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
