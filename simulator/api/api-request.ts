import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, badRequest, unsupportedMediaType } from './api-error.ts';
import type { User } from './authentication.ts';
import { PROTOBUF_TYPE, protobufObject } from './protobuf-object.ts';

/** A request whose user is known. */
export interface ApiRequest {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** The body's bytes, read once. An ApiError of 413 when there are too many. */
  readonly body: () => Promise<Buffer>;
}

/** Something to answer with: JSON text, or parts of it. */
export interface Answer {
  readonly code: number;
  readonly json: string | Iterable<string>;
  /** Default: application/json. */
  readonly type?: string;
}

/** Reads a body of a limited size. */
export async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The object of a body in JSON, or in protobuf for the few kinds that are known. */
export function parseObject(body: Buffer, contentType: string | undefined): Record<string, unknown> {
  const type = (contentType ?? 'application/json').split(';')[0]!.trim();
  if (type === PROTOBUF_TYPE) return protobufObject(body);
  if (type !== 'application/json') throw unsupportedMediaType(['application/json']);
  return jsonObject(body);
}

/** The JSON object that bytes stand for, whatever they are called. */
export function jsonObject(body: Buffer): Record<string, unknown> {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the request body must be a JSON object');
  }
  return value as Record<string, unknown>;
}

/** The JSON that bytes stand for. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`the request body must be JSON: ${(error as Error).message}`);
  }
}

/** Sends text or bytes of a content type. */
export function sendText(
  response: ServerResponse,
  code: number,
  content: { type: string; body: string | Buffer },
): void {
  if (response.destroyed) return;
  response.writeHead(code, {
    'content-type': content.type,
    'content-length': Buffer.byteLength(content.body),
    'cache-control': 'no-cache, private',
  });
  response.end(content.body);
}

/** Characters of a long answer that are written at once. */
const PART = 512 * 1024;

/** Sends an answer; a long one as fast as the client takes it, with others' requests in between. */
export async function sendJson(
  response: ServerResponse,
  { code, json, type = 'application/json' }: Answer,
): Promise<void> {
  if (typeof json === 'string') {
    sendText(response, code, { type, body: json });
    return;
  }
  let gathered: string[] = [];
  let length = 0;
  let started = false;
  for (const text of json) {
    gathered.push(text);
    length += text.length;
    if (length < PART) continue;
    if (response.destroyed) return;
    if (!started) response.writeHead(code, { 'content-type': type, 'cache-control': 'no-cache, private' });
    started = true;
    const open = response.write(gathered.join('')) ? await nextTurn() : await drained(response);
    if (!open) return;
    gathered = [];
    length = 0;
  }
  if (!started) sendText(response, code, { type, body: gathered.join('') });
  else response.end(gathered.join(''));
}

function nextTurn(): Promise<true> {
  return new Promise((resolve) => setImmediate(resolve, true));
}

/** True when more can be written, false when the connection is gone. */
export function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (open: boolean) => {
      response.off('drain', onDrain).off('close', onClose);
      resolve(open);
    };
    const onDrain = () => done(true);
    const onClose = () => done(false);
    response.on('drain', onDrain).on('close', onClose);
  });
}
