/**
 * Many scrape targets in one process, run as a child of a benchmark: `node target-farm.js '<FarmOptions as JSON>'`. It
 * prints one line of JSON, `{"port":…}`, and serves until it is killed or its parent goes away.
 *
 *     GET  /scrape/<reader>/<target>   a page of the target; what was sent whole is counted for the reader
 *     GET  /served[?until=<Unix ms>]   FarmCounts per reader, as JSON: all, or what was sent until then
 *     POST /pause                      answers 503 to scrapes from now on (and scrapers write stale markers)
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzip } from 'node:zlib';
import { ContainerMix } from './container-mix.ts';

/** What the farm serves. */
export interface FarmOptions {
  readonly targets: number;
  readonly series: number;
  /** Seconds between changes of the values: the scrape interval. */
  readonly interval: number;
  /** Seconds a container lives; 0: for ever. */
  readonly lifetime: number;
  /** `identity` sends plain text even to those who would take gzip, so that the farm's own work stays small. */
  readonly encoding: 'identity' | 'gzip';
  /** 0: any free port. */
  readonly port: number;
}

/** What a reader was sent, whole pages only. */
export interface FarmCounts {
  readonly pages: number;
  readonly samples: number;
}

function serve(options: FarmOptions): void {
  const epoch = Date.now();
  const mixes = Array.from(
    { length: options.targets },
    (_, target) =>
      new ContainerMix({
        target,
        series: options.series,
        interval: options.interval,
        lifetime: Math.round(options.lifetime / options.interval),
      }),
  );
  const scratch = Buffer.allocUnsafe(Math.max(...mixes.map((mix) => mix.maxLength)));
  /** When pages were sent whole, Unix milliseconds in rising order, by reader. */
  const served = new Map<string, number[]>();
  let paused = false;

  function scrape(request: IncomingMessage, response: ServerResponse, reader: string, target: number): void {
    const mix = mixes[target];
    if (mix === undefined || paused) {
      response.writeHead(mix === undefined ? 404 : 503).end();
      return;
    }
    const tick = Math.floor((Date.now() - epoch) / (options.interval * 1000));
    // The scratch buffer serves the next page while this one is on its way.
    const page = Buffer.from(scratch.subarray(0, mix.write(scratch, tick)));
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
    response.on('finish', () => {
      const times = served.get(reader);
      if (times === undefined) served.set(reader, [Date.now()]);
      else times.push(Date.now());
    });
    if (options.encoding === 'identity' || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      response.writeHead(200, { ...headers, 'content-length': page.length }).end(page);
      return;
    }
    gzip(page, { level: 1 }, (error, packed) => {
      if (error !== null) response.destroy(error);
      else
        response
          .writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': packed.length })
          .end(packed);
    });
  }

  function counts(path: string): Record<string, FarmCounts> {
    const until = Number(new URL(path, 'http://farm').searchParams.get('until') ?? Number.POSITIVE_INFINITY);
    const found: Record<string, FarmCounts> = {};
    for (const [reader, times] of served) {
      const after = times.findLastIndex((time) => time <= until) + 1;
      found[reader] = { pages: after, samples: after * options.series };
    }
    return found;
  }

  const server = createServer((request, response) => {
    const [, reader, target] = /^\/scrape\/([\w-]+)\/(\d+)$/.exec(request.url ?? '') ?? [];
    if (reader !== undefined) scrape(request, response, reader, Number(target));
    else if (request.url?.startsWith('/served')) response.end(JSON.stringify(counts(request.url)));
    else if (request.url === '/pause' && request.method === 'POST') {
      paused = true;
      response.end();
    } else response.writeHead(404).end();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
  });
  // The parent holds the other end: without it nobody would stop this process.
  process.stdin.resume().on('end', () => process.exit(0));
}

if (process.argv[1] === import.meta.filename) serve(JSON.parse(process.argv[2] ?? '') as FarmOptions);
