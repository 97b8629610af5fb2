import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { responseEncoding } from './http-body.ts';
import { HttpException, type RenderedException } from './http-exception.ts';
import { contentType } from './http-format.ts';

/** How far a query has come, for the header X-ClickHouse-Summary. */
export interface Summary {
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  /** Milliseconds. */
  readonly elapsed: number;
}

/** Writes one answer: headers first, then bytes, with the compression that was agreed on. */
export class HttpResponse {
  readonly #response: ServerResponse;
  readonly #compress: string | undefined;
  readonly #stallTimeout: number;
  readonly #exceptionTag = randomBytes(8).toString('hex');
  #target: Writable | undefined;

  /**
   * `compress` is the request's Accept-Encoding when the client asked for compression. A client that takes nothing for
   * `stallTimeout` milliseconds is cut off.
   */
  constructor(response: ServerResponse, options: { compress: string | undefined; stallTimeout: number }) {
    this.#response = response;
    this.#compress = options.compress;
    this.#stallTimeout = options.stallTimeout;
  }

  /** Whether headers are out, so that an error can only come behind what was sent. */
  get started(): boolean {
    return this.#target !== undefined;
  }

  /** Sends the status and the headers of a good answer in a format. */
  start(format: string, summary: Summary): void {
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader('Content-Type', contentType(format));
    response.setHeader('X-ClickHouse-Format', format.replace(/\W/g, ''));
    response.setHeader('X-ClickHouse-Summary', renderSummary(summary));
    response.setHeader('X-ClickHouse-Exception-Tag', this.#exceptionTag);
    this.#target = this.#open();
  }

  #open(): Writable {
    const encoding = responseEncoding(this.#compress);
    if (encoding === undefined) return this.#response;
    this.#response.setHeader('Content-Encoding', encoding.name);
    const compressor = encoding.create();
    compressor.pipe(this.#response);
    this.#response.once('close', () => compressor.destroy());
    // A socket that is gone is noticed by the response's own `close`.
    compressor.on('error', () => this.#response.destroy());
    return compressor;
  }

  /** Sends bytes; resolves when the client keeps up. Rejects with an HttpException when it has gone or stalls. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#response.destroyed) throw gone();
    if (!this.#target!.write(bytes)) await this.#settled('drain');
  }

  /** Ends a good answer. */
  async end(bytes?: Uint8Array): Promise<void> {
    if (this.#response.destroyed) throw gone();
    if (bytes === undefined) this.#target!.end();
    else this.#target!.end(bytes);
    if (!this.#response.writableFinished) await this.#settled('finish');
  }

  #settled(event: 'drain' | 'finish'): Promise<void> {
    const emitter = event === 'drain' ? this.#target! : this.#response;
    return new Promise((resolve, reject) => {
      const done = (error?: HttpException) => {
        clearTimeout(timer);
        emitter.removeListener(event, done);
        this.#response.removeListener('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onClose = () => done(this.#response.writableFinished ? undefined : gone());
      const timer = setTimeout(() => {
        done(new HttpException('SOCKET_TIMEOUT', 'The client does not read the result'));
        this.#response.destroy();
      }, this.#stallTimeout);
      emitter.once(event, () => done());
      this.#response.once('close', onClose);
    });
  }

  /**
   * Tells of an exception. Before the start it is an answer with a status. Behind the first bytes it is a block of text
   * that newer clients recognise by its tag, and then the connection breaks instead of ending, so that nobody takes the
   * part for the whole.
   */
  fail(exception: RenderedException): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (!this.started) {
      response.statusCode = exception.status;
      response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      response.setHeader('X-ClickHouse-Exception-Code', String(exception.code));
      if (exception.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
      const target = (this.#target = this.#open());
      target.end(exception.text);
      return;
    }
    const tag = this.#exceptionTag;
    const length = Buffer.byteLength(exception.text);
    const block = `\r\n__exception__\r\n${tag}\r\n${exception.text}${length} ${tag}\r\n__exception__\r\n`;
    const target = this.#target!;
    const cut = () => response.socket?.destroySoon();
    if ('flush' in target) {
      target.write(block);
      (target as Writable & { flush(done: () => void): void }).flush(() => setImmediate(() => response.write('', cut)));
    } else {
      target.write(block, cut);
    }
  }
}

function renderSummary(summary: Summary): string {
  const text = {
    read_rows: summary.readRows,
    read_bytes: summary.readBytes,
    written_rows: summary.writtenRows,
    written_bytes: summary.writtenBytes,
    total_rows_to_read: 0,
    result_rows: 0,
    result_bytes: 0,
    elapsed_ns: Math.round(summary.elapsed * 1e6),
  };
  // Numbers are strings there, as in ClickHouse.
  return JSON.stringify(text, (_, value) => (typeof value === 'number' ? String(value) : value));
}

function gone(): HttpException {
  return new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled: the client has gone');
}
