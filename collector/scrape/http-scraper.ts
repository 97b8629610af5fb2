import { createGunzip, type Gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { TEXT_ACCEPT } from '../exposition/content-type.ts';
import type { HttpTransport } from '../http-transport.ts';
import type { BodyBuffers } from './body-buffers.ts';
import { LimitError } from './limit-error.ts';
import type { ScrapedPage, Scraper } from './scraper.ts';

export interface HttpScraperOptions {
  /** The target's page. */
  readonly url: URL;
  /** Not closed with the scraper: those of a job share one. */
  readonly transport: HttpTransport;
  readonly buffers: BodyBuffers;
  /** Milliseconds; the target is told, so that it can give up in time. */
  readonly timeout: number;
  /** Bytes of the page, decompressed; 0 means MAX_BODY_SIZE. */
  readonly bodySizeLimit: number;
  readonly enableCompression: boolean;
  /** This program's version, for the User-Agent. */
  readonly version: string;
}

/** Bytes of a page when its job sets no limit: far more than any real one, and less than memory. */
export const MAX_BODY_SIZE = 512 * 1024 ** 2;

/** Bytes that are read of an answer that is not wanted, so that its connection can be used again. */
const MAX_DISCARDED = 64 * 1024;

/** Milliseconds for which such an answer is read. */
const MAX_DISCARD_TIME = 2_000;

/**
 * Scrapes over HTTP. The page is received, and decompressed, into a shared buffer; when it grows over the limit the
 * connection is cut at once, whatever is still to come or to be decompressed.
 */
export function createHttpScraper(options: HttpScraperOptions): Scraper {
  const { url, transport } = options;
  const ownHeaders = {
    accept: TEXT_ACCEPT,
    'accept-encoding': options.enableCompression ? 'gzip' : 'identity',
    'user-agent': `Pharos/${options.version}`,
    'x-prometheus-scrape-timeout-seconds': String(options.timeout / 1000),
  };
  /** The next page is as large as the last one, as a rule. */
  let expectedSize = 0;

  function request(headers: Record<string, string>, signal: AbortSignal): Promise<ScrapedPage> {
    return new Promise((resolve, reject) => {
      const response = new ScrapeResponse({ ...options, expectedSize, signal, resolve, reject });
      const { origin, pathname, search } = url;
      try {
        transport.dispatcher.dispatch({ origin, path: pathname + search, method: 'GET', headers }, response);
      } catch (error) {
        response.fail(error);
      }
    });
  }

  return {
    async scrape(signal) {
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted();
        const headers = await untilAborted(transport.headers(), signal);
        try {
          const page = await request({ ...ownHeaders, ...headers }, signal);
          expectedSize = page.bytes.length;
          return page;
        } catch (error) {
          // A target may close an idle connection at the moment when it is used again: that is no failure of the target.
          if (attempt > 1 || !(error instanceof ClosedConnectionError)) throw error;
        }
      }
    },
    async close() {},
  };
}

/** The connection was closed before an answer began. */
class ClosedConnectionError extends Error {}

/** What undici and Node call that. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

interface ScrapeResponseOptions extends HttpScraperOptions {
  readonly expectedSize: number;
  readonly signal: AbortSignal;
  readonly resolve: (page: ScrapedPage) => void;
  readonly reject: (error: unknown) => void;
}

/** One answer on its way into a buffer. Settles once; whatever undici says afterwards is of no interest. */
class ScrapeResponse implements Dispatcher.DispatchHandler {
  readonly #options: ScrapeResponseOptions;
  readonly #limit: number;
  #controller: Dispatcher.DispatchController | undefined;
  #gunzip: Gunzip | undefined;
  #buffer: Buffer | undefined;
  #length = 0;
  #contentType = '';
  #hasBegun = false;
  #discarded = 0;
  #discardTimer: NodeJS.Timeout | undefined;
  #isSettled = false;
  readonly #onAbort = (): void => this.fail(this.#options.signal.reason);

  constructor(options: ScrapeResponseOptions) {
    this.#options = options;
    this.#limit = options.bodySizeLimit > 0 ? options.bodySizeLimit : MAX_BODY_SIZE;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The scrape may have ended while the request waited for a connection.
    if (this.#isSettled) controller.abort(new Error('the scrape has ended'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusMessage?: string,
  ): void {
    if (status < 200 || this.#isSettled) return;
    this.#hasBegun = true;
    if (status !== 200) {
      this.#settle();
      const stop = (): void => controller.abort(new Error('the answer is not wanted'));
      this.#discardTimer = setTimeout(stop, MAX_DISCARD_TIME).unref();
      this.#options.reject(new Error(`server returned HTTP status ${status} ${statusMessage ?? ''}`.trimEnd()));
      return;
    }
    this.#contentType = String(headers['content-type'] ?? '');
    const encoding = String(headers['content-encoding'] ?? '').toLowerCase();
    if (encoding === 'gzip' || encoding === 'x-gzip') this.#startGunzip();
    else if (encoding !== '' && encoding !== 'identity') {
      this.fail(new Error(`the target sends the Content-Encoding ${JSON.stringify(encoding)}; it may be gzip or none`));
      return;
    }
    const announced = encoding === '' ? Number(headers['content-length'] ?? 0) : 0;
    if (announced > this.#limit) this.#failTooLarge();
    else this.#guard(() => this.#reserve(Math.max(this.#options.expectedSize, Math.min(announced, 2 ** 24))));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) {
      this.#discarded += chunk.length;
      if (this.#discarded > MAX_DISCARDED) controller.abort(new Error('the answer is not wanted'));
    } else if (this.#gunzip === undefined) {
      this.#guard(() => this.#append(chunk));
    } else if (!this.#gunzip.write(chunk)) {
      controller.pause();
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#discardTimer);
    if (this.#isSettled) return;
    if (this.#gunzip === undefined) this.#finish();
    else this.#gunzip.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#discardTimer);
    const isClosed = !this.#hasBegun && CLOSED.has((error as NodeJS.ErrnoException).code ?? '');
    const message = reasonOf(error);
    this.fail(isClosed ? new ClosedConnectionError(message, { cause: error }) : new Error(message, { cause: error }));
  }

  /** Ends the scrape with this error, if it has not ended, and cuts the connection. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    const buffer = this.#buffer;
    this.#settle();
    if (buffer !== undefined) this.#options.buffers.give(buffer);
    this.#controller?.abort(error instanceof Error ? error : new Error(String(error)));
    this.#options.reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#buffer = undefined;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#gunzip?.destroy();
    this.#gunzip = undefined;
  }

  #startGunzip(): void {
    const gunzip = createGunzip({ chunkSize: 64 * 1024 });
    this.#gunzip = gunzip;
    gunzip.on('data', (chunk: Buffer) => {
      if (!this.#isSettled) this.#guard(() => this.#append(chunk));
    });
    gunzip.on('drain', () => this.#controller?.resume());
    gunzip.on('end', () => {
      if (!this.#isSettled) this.#finish();
    });
    gunzip.on('error', (error) => this.fail(new Error(`the page cannot be decompressed: ${error.message}`)));
  }

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#limit) {
      this.#failTooLarge();
      return;
    }
    this.#reserve(length);
    chunk.copy(this.#buffer!, this.#length);
    this.#length = length;
    this.#options.buffers.chunksDone(chunk.length);
  }

  #reserve(bytes: number): void {
    const { buffers } = this.#options;
    if (this.#buffer === undefined) this.#buffer = buffers.take(bytes);
    else if (bytes > this.#buffer.length) this.#buffer = buffers.grow(this.#buffer, this.#length, bytes);
  }

  #failTooLarge(): void {
    const name = this.#options.bodySizeLimit > 0 ? 'body_size_limit' : 'the largest page without a body_size_limit';
    this.fail(new LimitError('body_size_limit', `body size limit exceeded: ${name} is ${this.#limit} bytes`));
  }

  #finish(): void {
    const { buffers, resolve } = this.#options;
    const buffer = this.#buffer!;
    const page = {
      bytes: buffer.subarray(0, this.#length),
      contentType: this.#contentType,
      release: () => buffers.give(buffer),
    };
    this.#settle();
    resolve(page);
  }

  /** What an event of undici or zlib throws would end the process. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }
}

/** What went wrong, without the address: whoever shows it names the target. */
function reasonOf(error: Error): string {
  // A name with several addresses fails with one error for each.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0] as Error);
  if (error.message === '') return (error as NodeJS.ErrnoException).code ?? error.name;
  return error.message;
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
