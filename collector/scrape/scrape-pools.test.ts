import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import { Matcher } from '../../storage/matcher.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { readSamples } from '../../storage/read-samples.ts';
import type { Storage } from '../../storage/storage.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { RELABEL_DEFAULTS } from '../relabel.ts';
import { Secret } from '../secret.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import { ScrapePools } from './scrape-pools.ts';
import type { Scraper } from './scraper.ts';

const forever = new AbortController().signal;

const INTERVAL = 10_000;
const TIMEOUT = 9_999;

/** Two hundred times as fast as the real one, but for timeouts, which a slow machine must not reach. */
const fastClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now() * 200),
  elapsed: () => performance.now() * 200,
  schedule: (milliseconds, call) =>
    SYSTEM_CLOCK.schedule(milliseconds === TIMEOUT ? TIMEOUT : milliseconds / 200, call),
};

let storage: Storage;
let pools: ScrapePools;
let registry: Registry;
let logged: { msg: string; [key: string]: unknown }[];
const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  storage = createMemoryStorage();
  registry = new Registry();
  logged = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  pools = new ScrapePools({ appender: storage.appender, logger, registry, version: '1', clock: fastClock });
  closing.push(() => pools.close());
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Serves `page()` and remembers who asked. */
async function serve(
  page: (request: IncomingMessage) => string,
): Promise<{ address: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(page(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.unshift(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function job(jobName: string, targets: readonly string[], changes: Partial<ScrapeConfig> = {}): ScrapeConfig {
  return {
    jobName,
    scrapeInterval: INTERVAL,
    scrapeTimeout: TIMEOUT,
    metricsPath: '/metrics',
    scheme: 'http',
    params: {},
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    enableCompression: true,
    bodySizeLimit: 0,
    sampleLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    targetLimit: 0,
    keepDroppedTargets: 0,
    client: PLAIN_HTTP_CLIENT,
    discovery: [{ kind: 'static', groups: [{ targets, labels: {}, source: '0' }] }],
    relabelConfigs: [],
    metricRelabelConfigs: [],
    scrapeFallbackProtocol: undefined,
    ...changes,
  };
}

interface Stored {
  readonly timestamp: number;
  readonly value: number;
  readonly stale: boolean;
}

/** The samples of the one series of this metric and these labels; nothing when it is not stored. */
async function stored(metric: string, labels: Record<string, string> = {}): Promise<Stored[]> {
  const matchers = Object.entries({ __name__: metric, ...labels }).map(
    ([name, value]) => new Matcher(name, '=', value),
  );
  const set = await storage.querier.select({ matchers, start: 0, end: Number.MAX_SAFE_INTEGER }, forever);
  expect(set.series.length).toBeLessThanOrEqual(1);
  return (await readSamples(set)).flat();
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > 10_000) throw new Error(`waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const isStored = (metric: string, labels: Record<string, string> = {}, count = 1) =>
  until(
    `${metric} is stored`,
    async () => (await stored(metric, labels)).filter(({ stale }) => !stale).length >= count,
  );

const isStale = (metric: string, labels: Record<string, string> = {}) =>
  until(`${metric} is stale`, async () => (await stored(metric, labels)).at(-1)?.stale === true);

describe('jobs', () => {
  it('are scraped, tell about it, and end', async () => {
    const { address, requests } = await serve(() => '# TYPE a counter\na{job="own"} 1\n');
    pools.apply({ jobs: [job('first', [address], { params: { x: ['y'] } })] });
    await isStored('up', {}, 2);
    expect((await stored('a', { job: 'first', instance: address, exported_job: 'own' }))[0]!.value).toBe(1);
    expect(requests[0]!.url).toBe('/metrics?x=y');

    expect(pools.poolNames()).toEqual(['first']);
    const [status] = pools.status();
    expect(status).toMatchObject({
      scrapePool: 'first',
      health: 'up',
      lastError: '',
      scrapeUrl: `http://${address}/metrics?x=y`,
      scrapeInterval: INTERVAL,
    });
    expect(status!.labels.toString()).toBe(`{instance="${address}", job="first"}`);
    expect(status!.discoveredLabels.get('__address__')).toBe(address);
    expect(status!.metadata()).toEqual([{ metric: 'a', type: 'counter', help: '', unit: '' }]);
    expect(status!.lastScrape).toBeGreaterThan(Date.now() - 60_000);

    const metadata = await storage.querier.metadata(undefined, 0, forever);
    expect(metadata.map(({ metric, type }) => [metric, type])).toContainEqual(['a', 'counter']);
    expect(metadata.map(({ metric }) => metric)).toContain('up');

    const text = await registry.metrics();
    expect(text).toContain('pharos_scrape_targets{scrape_job="first"} 1');
    expect(text).toMatch(/pharos_scrape_cache_series [1-9]/);
    expect(text).toMatch(/pharos_scrapes_total\{scrape_job="first",result="stored"\} [1-9]/);

    pools.apply({ jobs: [] });
    await isStale('a');
    await isStale('up');
    expect(pools.status()).toEqual([]);
    const count = requests.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(requests).toHaveLength(count);
    expect(await registry.metrics()).not.toContain('pharos_scrape_targets{scrape_job="first"}');
  });

  it('leave no stale markers when the process ends', async () => {
    const { address } = await serve(() => 'a 1\n');
    pools.apply({ jobs: [job('first', [address])] });
    await isStored('a');
    await pools.close();
    expect((await stored('a')).every(({ stale }) => !stale)).toBe(true);
    expect(() => pools.apply({ jobs: [] })).toThrow('the scrape pools are closed');
  });

  it('that cannot be are refused before anything changes', async () => {
    const { address } = await serve(() => 'a 1\n');
    pools.apply({ jobs: [job('first', [address])] });
    const bad = job('second', [address], { relabelConfigs: [{ ...RELABEL_DEFAULTS, regex: '(' }] });
    expect(() => pools.apply({ jobs: [bad] })).toThrow(SyntaxError);
    expect(() => pools.apply({ jobs: [job('x', []), job('x', [])] })).toThrow('every job must have a name of its own');
    expect(pools.poolNames()).toEqual(['first']);
    await isStored('a');
  });

  it('show their targets as down, with the reason and without secrets', async () => {
    const { address } = await serve(() => 'nonsense\n');
    const basicAuth = {
      username: 'u',
      usernameFile: undefined,
      password: new Secret('s3cret'),
      passwordFile: undefined,
    };
    const client = { ...PLAIN_HTTP_CLIENT, basicAuth };
    pools.apply({ jobs: [job('first', [address, '127.0.0.1:1'], { client, params: { token: ['s3cret'] } })] });
    await until('both are down', () => pools.status().every(({ health }) => health === 'down'));
    expect(pools.status()[0]!.lastError).toContain('line 1: expected a blank or { after the metric name');
    expect(pools.status()[1]!.lastError).toContain('ECONNREFUSED');
    const everything = JSON.stringify([pools.status(), pools.dropped(), logged]);
    expect(everything).not.toContain('s3cret');
    expect(everything).toContain('target is down');
  });

  it('keep to their limit of targets', async () => {
    const { address, requests } = await serve(() => 'a 1\n');
    const two = [address, address.replace('127.0.0.1', 'localhost')];
    pools.apply({ jobs: [job('first', two, { targetLimit: 1 })] });
    await until('both are down', () => pools.status().every(({ health }) => health === 'down'));
    expect(pools.status()[0]!.lastError).toBe('target_limit exceeded (number of targets: 2, limit: 1)');
    expect(requests).toHaveLength(0);
    pools.apply({ jobs: [job('first', two, { targetLimit: 2 })] });
    await isStored('a', { instance: address });
  });

  it('scrape the targets of their shard only, and always what is in the process', async () => {
    const logger = pino({ enabled: false });
    const targets = Array.from({ length: 60 }, (_, i) => `127.0.0.${i + 1}:9`);
    const scraper: Scraper = {
      scrape: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      close: async () => {},
    };
    const scraped = [0, 1, 2].map((index) => {
      const shard = { index, count: 3 };
      const sharded = new ScrapePools({
        appender: storage.appender,
        logger,
        registry: new Registry(),
        version: '1',
        shard,
      });
      closing.push(() => sharded.close());
      const inProcess = [{ job: 'node', instance: 'i', scraper, scrapeInterval: INTERVAL, scrapeTimeout: TIMEOUT }];
      sharded.apply({ jobs: [job('first', targets)], inProcess });
      expect(sharded.dropped()).toEqual({ targets: [], counts: { first: 0 } });
      return sharded.status().map(({ labels }) => labels.get('instance'));
    });
    for (const instances of scraped) {
      expect(instances).toContain('i');
      expect(instances.length).toBeGreaterThan(10);
    }
    expect(
      scraped
        .flat()
        .filter((instance) => instance !== 'i')
        .sort(),
    ).toEqual([...targets].sort());
  });

  it('list what relabelling drops and what cannot be a target', async () => {
    const relabelConfigs = [
      { ...RELABEL_DEFAULTS, action: 'drop' as const, sourceLabels: ['__address__'], regex: 'x.*' },
    ];
    pools.apply({ jobs: [job('first', ['x1', 'x2', 'a/b'], { relabelConfigs, keepDroppedTargets: 1 })] });
    await until('they are found', () => pools.dropped().targets.length === 1);
    expect(pools.dropped().counts).toEqual({ first: 2 });
    expect(pools.dropped().targets[0]!.discoveredLabels.get('__address__')).toBe('x1');
    expect(logged.map(({ msg }) => msg)).toContain('targets cannot be scraped');
  });

  it('say that none of their formats is supported', () => {
    pools.apply({ jobs: [job('first', [], { scrapeProtocols: ['OpenMetricsText1.0.0'] })] });
    expect(logged[0]!.msg).toContain("none of the job's scrape_protocols is supported");
  });
});

describe('a reload', () => {
  it('leaves unchanged jobs alone', async () => {
    const { address, requests } = await serve(() => 'a 1\n');
    pools.apply({ jobs: [job('first', [address])] });
    await isStored('a', {}, 2);
    pools.apply({ jobs: [job('other', []), job('first', [address])] });
    await isStored('a', {}, (await stored('a')).length + 2);
    expect((await stored('a')).some(({ stale }) => stale)).toBe(false);
    expect((await stored('scrape_series_added')).map(({ value }) => value).reduce((sum, value) => sum + value)).toBe(1);
    expect(new Set(requests.map(({ socket }) => socket)).size).toBe(1);
  });

  it('goes on with the series of targets that stay', async () => {
    const { address, requests } = await serve(() => 'a 1\nb 1\n');
    pools.apply({ jobs: [job('first', [address])] });
    await isStored('a', {}, 2);
    const authorization = { type: 'Bearer', credentials: new Secret('new'), credentialsFile: undefined };
    const metricRelabelConfigs = [
      { ...RELABEL_DEFAULTS, action: 'drop' as const, sourceLabels: ['__name__'], regex: 'b' },
    ];
    pools.apply({
      jobs: [job('first', [address], { client: { ...PLAIN_HTTP_CLIENT, authorization }, metricRelabelConfigs })],
    });
    await isStale('b');
    await isStored('a', {}, (await stored('a')).length + 2);
    expect((await stored('a')).some(({ stale }) => stale)).toBe(false);
    expect(requests.at(-1)!.headers.authorization).toBe('Bearer new');
  });

  it('ends targets that are gone and begins new ones', async () => {
    const [one, two] = [await serve(() => 'a 1\n'), await serve(() => 'a 2\n')];
    pools.apply({ jobs: [job('first', [one.address])] });
    await isStored('a', { instance: one.address });
    pools.apply({ jobs: [job('first', [two.address])] });
    await isStored('a', { instance: two.address });
    await isStale('a', { instance: one.address });
    await isStale('up', { instance: one.address });
    expect(pools.status()).toHaveLength(1);
  });

  it('lets another target take over a series without a gap', async () => {
    const { address } = await serve(({ url }) => `a ${url === '/new' ? 2 : 1}\n`);
    pools.apply({ jobs: [job('first', [address])] });
    await isStored('a');
    pools.apply({ jobs: [job('first', [address], { metricsPath: '/new' })] });
    await until('the new page is stored', async () => (await stored('a')).at(-1)!.value === 2);
    const samples = await stored('a');
    const marker = samples.findIndex(({ stale }) => stale);
    expect(samples.slice(0, marker).every(({ value }) => value === 1)).toBe(true);
    expect(samples.slice(marker + 1).every(({ value }) => value === 2)).toBe(true);
    expect((await stored('up')).at(-1)).toMatchObject({ value: 1, stale: false });
  });
});

describe('what is scraped inside this process', () => {
  function scraper(page: string): Scraper & { isClosed: boolean } {
    return {
      isClosed: false,
      async scrape() {
        return { bytes: Buffer.from(page), contentType: 'text/plain' };
      },
      async close() {
        this.isClosed = true;
      },
    };
  }

  it('is a target like others', async () => {
    const own = {
      job: 'node',
      instance: 'here',
      scraper: scraper('a 1\n'),
      scrapeInterval: INTERVAL,
      scrapeTimeout: TIMEOUT,
    };
    pools.apply({ jobs: [], inProcess: [own] });
    await isStored('a', { job: 'node', instance: 'here' });
    expect(pools.status()).toMatchObject([
      { scrapePool: 'node', health: 'up', scrapeUrl: '', scrapeInterval: INTERVAL },
    ]);
    expect(pools.poolNames()).toEqual(['node']);
    pools.apply({ jobs: [], inProcess: [own] });
    await isStored('a', {}, (await stored('a')).length + 1);
    expect(own.scraper.isClosed).toBe(false);
    pools.apply({ jobs: [] });
    await isStale('a');
    expect(own.scraper.isClosed).toBe(true);
    expect((await stored('a')).filter(({ stale }) => stale)).toHaveLength(1);
  });
});
