import { X509Certificate } from 'node:crypto';
import { type DerElement, derChildren, derContent, derElements, derObjectId, derTime, TAG } from './der-reader.ts';

/** A certificate, with what Node does not tell of it. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly der: Buffer;
  /** Of the signature on it. */
  readonly algorithm: string;
  /** Names in DER: two are the same when their bytes are. */
  readonly subject: Buffer;
  readonly issuer: Buffer;
  /** Unix milliseconds; valid at both too. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether it may sign others. */
  readonly isAuthority: boolean;
  /** How many further ones may stand between it and the last one of a chain. */
  readonly pathLength: number;
  /** Undefined stands for every purpose. */
  readonly purposes: readonly string[] | undefined;
  /** Extensions that must not be ignored, and are not understood here. */
  readonly unknown: readonly string[];
}

/** The purposes of a certificate that are of interest. */
export const PURPOSE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const;

/** Extensions by their object identifiers. */
export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  policies: '2.5.29.32',
  authorityKeyId: '2.5.29.35',
  purposes: '2.5.29.37',
} as const;

export const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const UNDERSTOOD: ReadonlySet<string> = new Set(Object.values(EXTENSION));

/** Reads one. Throws when it is none, or has what none of a cluster has. */
export function readCertificate(bytes: Buffer): Certificate {
  const x509 = new X509Certificate(bytes);
  const der = x509.raw;
  const [outer] = derElements(der);
  const [body, signedWith] = derChildren(outer);
  const fields = derChildren(body);
  // Certificates of the first version have none.
  const [, , issuer, validity, subject, , ...optional] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const [notBefore, notAfter] = derChildren(validity);
  const extensions = extensionsOf(optional);
  return {
    x509,
    der,
    algorithm: derObjectId(derChildren(signedWith)[0]),
    subject: subject!.whole,
    issuer: issuer!.whole,
    notBefore: derTime(notBefore),
    notAfter: derTime(notAfter),
    ...constraintsOf(extensions),
    purposes: purposesOf(extensions),
    unknown: [...extensions].filter(([id, { critical }]) => critical && !UNDERSTOOD.has(id)).map(([id]) => id),
  };
}

/** All certificates of a PEM file or bundle, in its order. Throws when there is none, or one of them cannot be read. */
export function readPemCertificates(pem: string): readonly Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('expected certificates in PEM, got none');
  return blocks.map((block) => readCertificate(Buffer.from(block)));
}

/** Who a certificate is of, as Kubernetes takes it: the last common name, and all organizations. */
export function subjectOf({ subject }: Certificate): {
  readonly commonName: string;
  readonly organizations: readonly string[];
} {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of derElements(derElements(subject)[0]!.content)) {
    for (const attribute of derChildren(set, TAG.set)) {
      const [type, value] = derChildren(attribute);
      const id = derObjectId(type);
      if (id === COMMON_NAME) commonName = textOf(value);
      else if (id === ORGANIZATION) organizations.push(textOf(value));
    }
  }
  return { commonName, organizations };
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

function extensionsOf(optional: readonly DerElement[]): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  const holder = optional.find(({ tag }) => tag === 0xa3);
  if (holder === undefined) return found;
  for (const extension of derChildren(derElements(holder.content)[0])) {
    const parts = derChildren(extension);
    const id = derObjectId(parts[0]);
    if (found.has(id)) throw new Error(`expected each extension once, got ${id} twice`);
    const critical = parts[1]?.tag === TAG.boolean && parts[1].content[0] !== 0;
    found.set(id, { critical, value: derContent(parts.at(-1), TAG.octetString) });
  }
  return found;
}

function constraintsOf(extensions: ReadonlyMap<string, Extension>): { isAuthority: boolean; pathLength: number } {
  const constraints = extensions.get(EXTENSION.basicConstraints);
  const none = { isAuthority: false, pathLength: 0 };
  if (constraints === undefined) return none;
  const parts = derChildren(derElements(constraints.value)[0]);
  const isAuthority = parts[0]?.tag === TAG.boolean && parts[0].content[0] !== 0;
  if (!isAuthority || !maySign(extensions)) return none;
  const length = parts[1];
  if (length === undefined) return { isAuthority, pathLength: Number.POSITIVE_INFINITY };
  const bytes = derContent(length, TAG.integer);
  return { isAuthority, pathLength: bytes.length === 1 ? bytes[0]! : Number.POSITIVE_INFINITY };
}

/** The sixth bit of the key usage, which may be left out as a whole. */
function maySign(extensions: ReadonlyMap<string, Extension>): boolean {
  const usage = extensions.get(EXTENSION.keyUsage);
  if (usage === undefined) return true;
  const bits = derContent(derElements(usage.value)[0], TAG.bitString);
  return ((bits[1] ?? 0) & 0x04) !== 0;
}

function purposesOf(extensions: ReadonlyMap<string, Extension>): readonly string[] | undefined {
  const purposes = extensions.get(EXTENSION.purposes);
  return purposes && derChildren(derElements(purposes.value)[0]).map(derObjectId);
}

function textOf(element: DerElement | undefined): string {
  switch (element?.tag) {
    case TAG.utf8String:
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(element.content);
    case 0x14: // T61String
      return element.content.toString('latin1');
    default:
      throw new Error(`expected a name in UTF-8, got the DER tag ${element?.tag ?? 'nothing'}`);
  }
}
