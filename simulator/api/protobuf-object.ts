/**
 * Objects in Kubernetes' protobuf form, which kubectl sends for what its typed commands make (`create namespace`, `create
 * configmap`, `auth can-i`, …). Only those few kinds are known; answers are always JSON, which such clients accept.
 */
import { unsupportedMediaType } from './api-error.ts';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** What a field holds: text, whole numbers, truth, bytes (base64 in JSON), maps of the first and the last, or a message. */
type FieldType = 'string' | 'strings' | 'integer' | 'boolean' | 'stringMap' | 'bytesMap' | Message;

interface Message {
  readonly [number: number]: readonly [name: string, type: FieldType];
}

const METADATA: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  11: ['labels', 'stringMap'],
  12: ['annotations', 'stringMap'],
  14: ['finalizers', 'strings'],
};

const RESOURCE_ATTRIBUTES: Message = {
  1: ['namespace', 'string'],
  2: ['verb', 'string'],
  3: ['group', 'string'],
  4: ['version', 'string'],
  5: ['resource', 'string'],
  6: ['subresource', 'string'],
  7: ['name', 'string'],
};

const ACCESS: Message = {
  1: ['resourceAttributes', RESOURCE_ATTRIBUTES],
  2: ['nonResourceAttributes', { 1: ['path', 'string'], 2: ['verb', 'string'] }],
  3: ['user', 'string'],
  4: ['groups', 'strings'],
};

function withSpec(spec: Message): Message {
  return { 1: ['metadata', METADATA], 2: ['spec', spec] };
}

/** The numbers are those of the generated.proto files of k8s.io/api. */
const KINDS: Readonly<Record<string, Message>> = {
  Namespace: withSpec({ 1: ['finalizers', 'strings'] }),
  ConfigMap: {
    1: ['metadata', METADATA],
    2: ['data', 'stringMap'],
    3: ['binaryData', 'bytesMap'],
    4: ['immutable', 'boolean'],
  },
  Secret: {
    1: ['metadata', METADATA],
    2: ['data', 'bytesMap'],
    3: ['type', 'string'],
    4: ['stringData', 'stringMap'],
    5: ['immutable', 'boolean'],
  },
  ServiceAccount: { 1: ['metadata', METADATA], 4: ['automountServiceAccountToken', 'boolean'] },
  LocalSubjectAccessReview: withSpec(ACCESS),
  SelfSubjectAccessReview: withSpec({ 1: ACCESS[1]!, 2: ACCESS[2]! }),
  SelfSubjectReview: { 1: ['metadata', METADATA] },
  SelfSubjectRulesReview: withSpec({ 1: ['namespace', 'string'] }),
  SubjectAccessReview: withSpec(ACCESS),
  TokenRequest: withSpec({ 1: ['audiences', 'strings'], 4: ['expirationSeconds', 'integer'] }),
  TokenReview: withSpec({ 1: ['token', 'string'], 2: ['audiences', 'strings'] }),
};

const ENVELOPE: Message = { 1: ['type', { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] }] };
const MAGIC = Buffer.from('k8s\0');

/** The object of a body. An ApiError of 415 when its kind is not among the known ones, or when it is damaged. */
export function protobufObject(body: Buffer): Record<string, unknown> {
  const accepted = unsupportedMediaType(['application/json']);
  if (!body.subarray(0, 4).equals(MAGIC)) throw accepted;
  try {
    const envelope = body.subarray(4);
    const { type } = decode(envelope, ENVELOPE) as { type?: { apiVersion?: string; kind?: string } };
    const message = KINDS[type?.kind ?? ''];
    const raw = [...fieldsOf(envelope)].find(({ number }) => number === 2)?.bytes;
    if (message === undefined || raw === undefined) throw accepted;
    return { ...type, ...decode(raw, message) };
  } catch {
    throw accepted;
  }
}

interface Field {
  readonly number: number;
  /** The content of what has a length. */
  readonly bytes: Buffer | undefined;
  /** The number of what has none. */
  readonly value: number;
}

function* fieldsOf(buffer: Buffer): Iterable<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = buffer[at++];
      if (byte === undefined || shift > 63) throw new RangeError('a number ends too early');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < buffer.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, bytes: undefined, value: varint() };
        break;
      case 2: {
        const length = varint();
        if (at + length > buffer.length) throw new RangeError('a field ends too early');
        yield { number, bytes: buffer.subarray(at, at + length), value: 0 };
        at += length;
        break;
      }
      default:
        throw new RangeError(`the wire type ${tag % 8} is not used by Kubernetes`);
    }
  }
}

function decode(buffer: Buffer, message: Message): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { number, bytes, value } of fieldsOf(buffer)) {
    const [name, type] = message[number] ?? [];
    if (name === undefined || type === undefined) continue;
    if (type === 'integer') object[name] = value;
    else if (type === 'boolean') object[name] = value !== 0;
    else if (bytes !== undefined) setField(object, { name, type, bytes });
  }
  return object;
}

function setField(
  object: Record<string, unknown>,
  { name, type, bytes }: { name: string; type: Exclude<FieldType, 'integer' | 'boolean'>; bytes: Buffer },
): void {
  switch (type) {
    case 'string':
      // Text that is not given is sent as empty.
      if (bytes.length > 0) object[name] = bytes.toString();
      return;
    case 'strings':
      object[name] = [...((object[name] as readonly string[] | undefined) ?? []), bytes.toString()];
      return;
    case 'stringMap':
    case 'bytesMap': {
      const pair = [...fieldsOf(bytes)];
      const key = pair.find(({ number }) => number === 1)?.bytes?.toString() ?? '';
      const content = pair.find(({ number }) => number === 2)?.bytes ?? Buffer.alloc(0);
      object[name] = { ...(object[name] as object), [key]: content.toString(type === 'bytesMap' ? 'base64' : 'utf8') };
      return;
    }
    default:
      object[name] = decode(bytes, type);
  }
}
