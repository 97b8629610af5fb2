import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { compress, uncompressSync } from 'snappy';
import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { SampleTable } from '../../../storage/sample-table.ts';
import { QueryError } from '../../query-result.ts';
import { failureOf } from '../envelope.ts';
import type { QueryApiDeps } from '../query-api-deps.ts';
import type { QueryGate } from '../query-gate.ts';
import { withRequestSignal } from '../request-signal.ts';
import { crc32c } from './crc32c.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { decodeReadRequest, type ReadQuery, type ResponseType, SAMPLES, STREAMED_XOR_CHUNKS } from './read-request.ts';
import { chunksOf, writeLabels, writeSamples } from './series-messages.ts';

/** Bytes of a request, compressed and not. */
const MAX_REQUEST_BYTES = 2 ** 20;
/** Queries in one request. */
const MAX_QUERIES = 100;
/** Bytes of an answer's samples in the store's encoding: all are in memory before the first is sent. */
const MAX_BYTES = 256 * 2 ** 20;
/** Bytes of an answer in one piece, before it is compressed. */
const MAX_RESPONSE_BYTES = 128 * 2 ** 20;
/** Samples of an answer. */
const MAX_SAMPLES = 50_000_000;
/** Bytes at which a frame of a stream ends; one series may have many frames. */
const MAX_FRAME_BYTES = 2 ** 20;
/** How many milliseconds a client may take nothing of an answer that waits for it. */
const STALL_TIMEOUT = 60_000;

/**
 * Adds POST /read, Prometheus' remote read: a snappy-compressed prometheus.ReadRequest in, and out either one
 * snappy-compressed ReadResponse (SAMPLES) or a stream of ChunkedReadResponse (STREAMED_XOR_CHUNKS), whichever the
 * client prefers. The external labels are put on every series, and a matcher that asks for one of them finds the series
 * that do not have it. Errors are plain text.
 */
export function addRemoteReadEndpoint(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  scope.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES }, (_, body, done) =>
      done(null, body),
    );
    own.setErrorHandler((error, _, reply) => {
      const { status, type, message, defect } = failureOf(error);
      if (defect) deps.logger.error({ err: error, handler: '/read' }, 'a request to the API failed');
      if (type === 'unavailable') reply.header('Retry-After', '1');
      return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`);
    });
    own.post('/read', async (request, reply) => {
      const { queries, accepted } = decodeReadRequest(decompress(request.body));
      const type = responseType(accepted);
      if (queries.length > MAX_QUERIES) {
        throw new QueryError('bad_data', `a request may have at most ${MAX_QUERIES} queries, got ${queries.length}`);
      }
      const task = {
        external: deps.externalLabels?.() ?? Labels.EMPTY,
        // For all queries together.
        budget: { bytes: MAX_BYTES, samples: MAX_SAMPLES },
      };
      const results = await withRequestSignal(reply, deps.limits.queryTimeout, (signal) =>
        gate.run(signal, async () => {
          const all: ReadResult[] = [];
          for (const query of queries) all.push(await readQuery(deps, { query, ...task }, signal));
          return all;
        }),
      );
      if (type === SAMPLES) {
        const body = await compress(await sampleResponse(results));
        return reply.type('application/x-protobuf').header('Content-Encoding', 'snappy').send(body);
      }
      // Whoever stops reading would keep all of it in memory.
      reply.raw.setTimeout(STALL_TIMEOUT, () => reply.raw.destroy());
      return reply
        .type('application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse')
        .send(Readable.from(frames(results), { objectMode: false }));
    });
  });
}

function decompress(body: unknown): Uint8Array {
  const refused = new QueryError('bad_data', 'the body must be compressed with snappy (block format)');
  if (!(body instanceof Uint8Array)) throw refused;
  // The block begins with its length, a varint; no more than three bytes hold what is allowed.
  const length = body.subarray(0, 5).findIndex((byte) => byte < 128);
  const size = body.subarray(0, length + 1).reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
  if (length < 0) throw refused;
  if (size > MAX_REQUEST_BYTES) {
    throw new QueryError('bad_data', `the request must have at most ${MAX_REQUEST_BYTES} bytes, got ${size}`);
  }
  try {
    return uncompressSync(Buffer.from(body), { asBuffer: true }) as Buffer;
  } catch {
    throw refused;
  }
}

/** The first that is served; SAMPLES for clients that are too old to say. */
function responseType(accepted: readonly ResponseType[]): ResponseType {
  if (accepted.length === 0) return SAMPLES;
  const type = accepted.find((one) => one === SAMPLES || one === STREAMED_XOR_CHUNKS);
  if (type !== undefined) return type;
  throw new QueryError(
    'bad_data',
    `accepted_response_types must name SAMPLES (0) or STREAMED_XOR_CHUNKS (1), got ${accepted.join(', ')}`,
  );
}

/** What one query found: series with their place in the table, sorted by their labels, and the samples. */
interface ReadResult {
  readonly series: readonly { readonly labels: Labels; readonly index: number }[];
  readonly table: SampleTable;
}

interface ReadTask {
  readonly query: ReadQuery;
  readonly external: Labels;
  /** What is left for this query and the ones after it. */
  readonly budget: { bytes: number; samples: number };
}

async function readQuery(
  { querier }: QueryApiDeps,
  { query, external, budget }: ReadTask,
  signal: AbortSignal,
): Promise<ReadResult> {
  const { start, end } = query;
  const matchers = query.matchers.map((matcher) =>
    matcher.op === '=' && matcher.value === external.get(matcher.name) ? new Matcher(matcher.name, '=', '') : matcher,
  );
  const set = await querier.select({ matchers, start, end }, signal);
  const table = new SampleTable(set.series.length);
  for await (const block of set.blocks()) {
    table.add(block);
    budget.samples -= block.length;
    budget.bytes -= block.bytes;
    if (budget.samples < 0) throw new QueryError('bad_data', `exceeded sample limit (${MAX_SAMPLES})`);
    if (budget.bytes < 0) throw new QueryError('bad_data', `the samples need more memory than ${MAX_BYTES} bytes`);
  }
  const series = set.series.map((labels, index) => ({ labels: withExternal(labels, external), index }));
  // The external labels may have changed the order.
  if (external.size > 0) series.sort((a, b) => Labels.compare(a.labels, b.labels));
  return { series, table };
}

/** Of two labels of one name the series' own counts. */
function withExternal(labels: Labels, external: Labels): Labels {
  return external.size === 0 ? labels : Labels.from([...external, ...labels]);
}

/** ReadResponse { repeated QueryResult results = 1; }, QueryResult { repeated TimeSeries timeseries = 1; } */
async function sampleResponse(results: readonly ReadResult[]): Promise<Buffer> {
  const pause = new Pause();
  const out = new ProtobufWriter();
  const result = new ProtobufWriter();
  const one = new ProtobufWriter();
  for (const { series, table } of results) {
    result.clear();
    for (const { labels, index } of series) {
      const samples = table.read(index);
      if (samples.length === 0) continue;
      one.clear();
      writeLabels(one, labels);
      writeSamples(one, samples);
      result.bytes(1, one.view());
      await pause.after(samples.length);
      if (out.length + result.length > MAX_RESPONSE_BYTES) {
        const reason = `the answer has more than ${MAX_RESPONSE_BYTES} bytes; ask for STREAMED_XOR_CHUNKS, or for less`;
        throw new QueryError('bad_data', reason);
      }
    }
    out.bytes(1, result.view());
  }
  return out.view();
}

/**
 * Frames of a size, a checksum and a message: ChunkedReadResponse { repeated ChunkedSeries chunked_series = 1;
 * int64 query_index = 2; }, ChunkedSeries { repeated Label labels = 1; repeated Chunk chunks = 2; }. A frame has chunks
 * of one series; each is made when the client has taken the one before.
 */
async function* frames(results: readonly ReadResult[]): AsyncGenerator<Buffer> {
  const pause = new Pause();
  const head = new ProtobufWriter();
  const one = new ProtobufWriter();
  const response = new ProtobufWriter();
  const finish = (queryIndex: number): Buffer => {
    response.clear();
    response.bytes(1, one.view());
    response.int64(2, queryIndex);
    return frame(response.view());
  };
  for (const [queryIndex, { series, table }] of results.entries()) {
    for (const { labels, index } of series) {
      head.clear();
      writeLabels(head, labels);
      one.clear();
      const samples = table.read(index);
      await pause.after(samples.length);
      for (const chunk of chunksOf(samples)) {
        if (one.length === 0) one.raw(head.view());
        one.bytes(2, chunk);
        if (one.length < MAX_FRAME_BYTES) continue;
        yield finish(queryIndex);
        one.clear();
      }
      if (one.length > 0) yield finish(queryIndex);
    }
  }
}

/** Lets others have their turn on this thread after every so many samples, some 20 ms of work. */
class Pause {
  #samples = 0;

  async after(samples: number): Promise<void> {
    this.#samples += samples;
    if (this.#samples < 20_000) return;
    this.#samples = 0;
    await nextTurn();
  }
}

function frame(message: Uint8Array): Buffer {
  const head: number[] = [];
  let rest = message.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128);
  head.push(rest);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(message));
  return Buffer.concat([Buffer.from(head), checksum, message]);
}
