import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpTransport, PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { BodyBuffers } from './body-buffers.ts';
import { createHttpScraper, type HttpScraperOptions } from './http-scraper.ts';
import { LimitError } from './limit-error.ts';
import type { Scraper } from './scraper.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Served {
  readonly url: URL;
  readonly connections: () => number;
}

async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/metrics?x=1`), connections: () => connections };
}

const buffers = new BodyBuffers();

function scraperOf(url: URL, options: Partial<HttpScraperOptions> & { followRedirects?: boolean } = {}): Scraper {
  const transport = createHttpTransport({ ...PLAIN_HTTP_CLIENT, followRedirects: options.followRedirects ?? true });
  closing.push(() => transport.close());
  return createHttpScraper({
    url,
    transport,
    buffers,
    timeout: 10_000,
    bodySizeLimit: 0,
    enableCompression: true,
    version: '1.2.3',
    ...options,
  });
}

const forever = new AbortController().signal;

async function scrapeText(scraper: Scraper): Promise<string> {
  const page = await scraper.scrape(forever);
  const text = Buffer.from(page.bytes).toString();
  page.release?.();
  return text;
}

afterEach(() => expect(buffers.usedBytes).toBe(0));

describe('requests', () => {
  it('say who asks, what for and how long', async () => {
    let seen: IncomingMessage | undefined;
    const { url } = await serve((request, response) => {
      seen = request;
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end('a 1\n');
    });
    const page = await scraperOf(url).scrape(forever);
    expect(page.contentType).toBe('text/plain; version=0.0.4');
    page.release?.();
    expect(seen!.url).toBe('/metrics?x=1');
    expect(seen!.headers).toMatchObject({
      accept: expect.stringContaining('text/plain;version=0.0.4'),
      'accept-encoding': 'gzip',
      'user-agent': 'Pharos/1.2.3',
      'x-prometheus-scrape-timeout-seconds': '10',
    });
    await scrapeText(scraperOf(url, { enableCompression: false, timeout: 500 }));
    expect(seen!.headers).toMatchObject({
      'accept-encoding': 'identity',
      'x-prometheus-scrape-timeout-seconds': '0.5',
    });
  });

  it('share a connection', async () => {
    let status = 200;
    const { url, connections } = await serve((_, response) => response.writeHead(status).end('a 1\n'));
    const scraper = scraperOf(url);
    for (let i = 0; i < 3; i++) await scrapeText(scraper);
    status = 500;
    for (let i = 0; i < 3; i++) await expect(scraper.scrape(forever)).rejects.toThrow('HTTP status 500');
    // The next scrape may come before the last answer was read to its end.
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it('follow redirects if they may', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/moved') response.end('b 2\n');
      else response.writeHead(302, { location: '/moved' }).end();
    });
    expect(await scrapeText(scraperOf(url))).toBe('b 2\n');
    await expect(scraperOf(url, { followRedirects: false }).scrape(forever)).rejects.toThrow(
      'server returned HTTP status 302 Found',
    );
  });

  it('are repeated once when a connection that was kept is closed', async () => {
    let requests = 0;
    let closes = 1;
    const { url } = await serve((request, response) => {
      if (++requests > 1 && closes-- > 0) request.socket.destroy();
      else response.end('a 1\n');
    });
    const scraper = scraperOf(url);
    await scrapeText(scraper);
    expect(await scrapeText(scraper)).toBe('a 1\n');
    expect(requests).toBe(3);
    closes = 2;
    await expect(scraper.scrape(forever)).rejects.toThrow('other side closed');
    expect(requests).toBe(5);
  });
});

describe('pages', () => {
  const page = `${'metric{label="value"} 1\n'.repeat(50_000)}`;

  it('arrive whole, compressed or not', async () => {
    let headers = {};
    let body = Buffer.alloc(0);
    const { url } = await serve((_, response) => {
      response.writeHead(200, headers);
      response.end(body);
    });
    const scraper = scraperOf(url);
    for (const text of ['', 'a 1', page, 'b 1']) {
      [headers, body] = [{}, Buffer.from(text)];
      expect(await scrapeText(scraper)).toBe(text);
      [headers, body] = [{ 'content-encoding': 'gzip' }, gzipSync(text)];
      expect(await scrapeText(scraper)).toBe(text);
    }
  });

  it('arrive in small pieces', async () => {
    const { url } = await serve(async (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const compressed = gzipSync('a 1\nb 2\n');
      for (let i = 0; i < compressed.length; i += 5) {
        response.write(compressed.subarray(i, i + 5));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect(await scrapeText(scraperOf(url))).toBe('a 1\nb 2\n');
  });

  it('are received into memory that is used again', async () => {
    const { url } = await serve((_, response) => response.end(page));
    const scraper = scraperOf(url);
    await scrapeText(scraper);
    const { idleBytes } = buffers;
    for (let i = 0; i < 5; i++) await scrapeText(scraper);
    expect(buffers.idleBytes).toBe(idleBytes);
  });
});

describe('failures', () => {
  it.each([
    [500, 'server returned HTTP status 500 Internal Server Error'],
    [404, 'server returned HTTP status 404 Not Found'],
    [204, 'server returned HTTP status 204 No Content'],
  ])('status %i', async (status, message) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    await expect(scraperOf(url).scrape(forever)).rejects.toThrow(message);
  });

  it('nobody listens', async () => {
    const { url } = await serve(() => {});
    await closing.pop()!();
    await expect(scraperOf(url).scrape(forever)).rejects.toThrow('ECONNREFUSED');
  });

  it('something that is no HTTP server', async () => {
    const server = createTcpServer((socket) => socket.end('220 mail\r\n', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    await expect(scraperOf(new URL(`http://127.0.0.1:${port}/`)).scrape(forever)).rejects.toThrow(Error);
  });

  it('a page that ends too early', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('a 1\n');
      setImmediate(() => response.destroy());
    });
    await expect(scraperOf(url).scrape(forever)).rejects.toThrow(Error);
  });

  it.each([
    ['cut', gzipSync('a 1\n'.repeat(1000)).subarray(0, 30)],
    ['damaged', Buffer.from('a 1\n')],
  ])('gzip that is %s', async (_, body) => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(body);
    });
    await expect(scraperOf(url).scrape(forever)).rejects.toThrow('the page cannot be decompressed');
  });

  it('an encoding that was not asked for', async () => {
    const { url } = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x'));
    await expect(scraperOf(url).scrape(forever)).rejects.toThrow(
      'the target sends the Content-Encoding "br"; it may be gzip or none',
    );
  });

  it('the caller gives up: before, while waiting, and in the middle of a trickle', async () => {
    const seen: IncomingMessage[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request);
      if (request.headers['user-agent'] === 'Pharos/silent') return;
      response.writeHead(200);
      const timer = setInterval(() => response.write('a'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const gone = AbortSignal.abort(new Error('too late'));
    await expect(scraperOf(url).scrape(gone)).rejects.toThrow('too late');
    expect(seen).toHaveLength(0);
    for (const version of ['silent', 'trickle']) {
      const controller = new AbortController();
      const scrape = scraperOf(url, { version }).scrape(controller.signal);
      setTimeout(() => controller.abort(new Error('timed out')), 50);
      await expect(scrape).rejects.toThrow('timed out');
      // The connection is cut, so that the target does not go on.
      await new Promise<void>((resolve) =>
        seen.at(-1)!.socket.destroyed ? resolve() : seen.at(-1)!.socket.on('close', resolve),
      );
    }
  });
});

describe('large pages', () => {
  const chunk = Buffer.from('metric{label="value"} 1\n'.repeat(2731));
  const tooLarge = async (listener: RequestListener, bodySizeLimit: number): Promise<void> => {
    const { url } = await serve(listener);
    const error = await scraperOf(url, { bodySizeLimit })
      .scrape(forever)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LimitError);
    expect(String(error)).toContain(`body size limit exceeded: body_size_limit is ${bodySizeLimit} bytes`);
  };

  it('may be exactly as large as the limit', async () => {
    const { url } = await serve((_, response) => response.end(chunk));
    expect(await scrapeText(scraperOf(url, { bodySizeLimit: chunk.length }))).toHaveLength(chunk.length);
  });

  it('are cut when they announce their size', async () => {
    await tooLarge((_, response) => response.end(chunk), chunk.length - 1);
  });

  it('are cut early when they go on for 100 MB', async () => {
    let written = 0;
    await tooLarge((_, response) => {
      const write = (): void => {
        while (written < 100e6) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    }, 1_000_000);
    expect(written).toBeLessThan(50e6);
  });

  it('are cut early when they are a gzip bomb', async () => {
    // 100 MB in 100 kB.
    const bomb = gzipSync(Buffer.alloc(100e6, 'a'), { level: 9 });
    expect(bomb.length).toBeLessThan(200_000);
    const before = process.memoryUsage().arrayBuffers;
    await tooLarge((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), 1_000_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30e6);
  });

  it('are cut when all pages together take too much memory', async () => {
    const { url } = await serve((_, response) => {
      for (let i = 0; i < 20; i++) response.write(chunk);
      response.end();
    });
    const few = new BodyBuffers({ maxBytes: 500_000 });
    await expect(scraperOf(url, { buffers: few }).scrape(forever)).rejects.toThrow(
      'the pages being received may take 500000 bytes together',
    );
    expect(few.usedBytes).toBe(0);
  });
});
