import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How many milliseconds a client may take nothing of an answer that waits for it. */
const STALL_TIMEOUT = 60_000;

type Chunk = string | Uint8Array;
type Chunks = Iterator<Chunk> | AsyncIterator<Chunk>;

/**
 * Sends JSON text that is made while it is sent, as fast as the client reads; gzipped when the client takes that. An
 * answer of a single chunk is sent whole and plain.
 */
export async function sendChunks(request: FastifyRequest, reply: FastifyReply, chunks: Chunks): Promise<FastifyReply> {
  reply.type('application/json; charset=utf-8');
  const first = await chunks.next();
  const second = first.done === true ? first : await chunks.next();
  if (second.done === true) return reply.send(first.done === true ? '' : first.value);
  const text = Readable.from(concat([first.value, second.value], chunks), {
    objectMode: false,
    highWaterMark: 64 * 1024,
  });
  // Whoever stops reading would keep the whole result in memory.
  reply.raw.setTimeout(STALL_TIMEOUT, () => reply.raw.destroy());
  reply.header('Vary', 'Accept-Encoding');
  if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(text);
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // Whoever ends first ends the other; the reply sees the error of either.
  pipeline(text, gzip, () => {});
  return reply.header('Content-Encoding', 'gzip').send(gzip);
}

async function* concat(head: readonly (Chunk | undefined)[], rest: Chunks): AsyncGenerator<Chunk> {
  try {
    for (const chunk of head) if (chunk !== undefined) yield chunk;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // The client may have gone: whoever makes the chunks is told.
    await rest.return?.();
  }
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
}
