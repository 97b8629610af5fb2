import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWriteRequest } from '../collector/receive/encode-write-request.ts';
import { decodeSamples, decodeStream, encodeReadRequest } from '../query/api/remote-read/decode-read-response.ts';
import { findPrometheus } from './find-prometheus.ts';
import { jsonShape } from './replay/json-shape.ts';
import { startPharos } from './replay/pharos.ts';
import { startPrometheus } from './replay/prometheus.ts';
import { GRAFANA_HEADERS, grafanaRequests, type ReplayRequest } from './replay/requests.ts';

const PROMETHEUS = findPrometheus(process.env);
const STEP = 15_000;
/** The samples end a while ago, so that nobody's clock has a part in the answers. */
const END = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
const START = END - 20 * STEP;
const REQUESTS = grafanaRequests(START, END);

const PAGE = `# HELP page_requests_total Requests.
# TYPE page_requests_total counter
page_requests_total{code="200"} 10
page_requests_total{code="500"} 1
# HELP page_temperature_celsius How warm it is.
# TYPE page_temperature_celsius gauge
page_temperature_celsius 21.5
`;
const RULES = `groups:
- name: first
  interval: 1s
  rules:
  - record: job:page_requests:sum
    expr: sum by (job) (page_requests_total)
    labels: { team: web }
  - alert: PageIsThere
    expr: up{job="page"} == 1
    labels: { severity: page }
    annotations: { summary: 'The page is there: {{ $value }}' }
- name: second
  interval: 1s
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
`;

/** The bits of the NaN that Prometheus makes; it keeps those of any other. */
const GO_NAN = 0x7ff8000000000001n;

/** The same samples for both servers, by remote write. */
function writtenSamples(): Buffer {
  const special = [0, -0, 1e-6, 1e20, GO_NAN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 123456789.125];
  const series = (labels: Record<string, string>, valueAt: (i: number) => number | bigint) => ({
    labels: Object.entries({ ...labels, job: 'replay' }).sort(([a], [b]) => (a < b ? -1 : 1)),
    samples: Array.from({ length: 21 }, (_, i) => ({ timestamp: START + i * STEP, value: valueAt(i) })),
  });
  const pods = ['a/web-1', 'a/web-2', 'b/db-1'].map((name) => name.split('/') as [string, string]);
  return compressSync(
    encodeWriteRequest({
      series: [
        ...pods.map(([namespace, pod], k) =>
          series({ __name__: 'replay_seconds_total', namespace, pod }, (i) => (i === 0 ? 0 : i * 1.5 * (k + 1))),
        ),
        series({ __name__: 'replay.temperature', 'http.status': '200', room: 'größe' }, (i) => 20 + i / 8),
        series({ __name__: 'replay_special' }, (i) => special[i % special.length]!),
      ],
    }),
  ) as Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Over a socket, with Grafana's headers; a POST has its parameters in a form. */
function send(url: string, request: ReplayRequest): Promise<Answer> {
  const encoded = new URLSearchParams(
    request.parameters.map(([name, value]): [string, string] => [name, value]),
  ).toString();
  const get = request.method === 'GET';
  const target = `${url}/api/v1/${request.path}${get && encoded !== '' ? `?${encoded}` : ''}`;
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(encoded) };
  return new Promise((resolve, reject) => {
    const outgoing = http.request(target, {
      method: request.method,
      headers: { ...GRAFANA_HEADERS, ...(get ? {} : form) },
      signal: AbortSignal.timeout(10_000),
      agent: false,
    });
    outgoing.on('error', reject).on('response', async (incoming) => {
      const body = Buffer.concat(await incoming.toArray());
      const text = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
      resolve({ status: incoming.statusCode!, headers: incoming.headers, text });
    });
    outgoing.end(get ? undefined : encoded);
  });
}

describe("Grafana's requests", () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pharos-replay-'));
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  let pharos = '';
  let prometheus: string | undefined;

  beforeAll(async () => {
    const page = http.createServer((_, response) => response.setHeader('Content-Type', 'text/plain').end(PAGE));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    closing.unshift(() => page.close());
    const configFile = path.join(directory, 'prometheus.yml');
    writeFileSync(path.join(directory, 'rules.yml'), RULES);
    writeFileSync(
      configFile,
      `global: { scrape_interval: 1s, evaluation_interval: 1s, external_labels: { region: eu } }
rule_files: [rules.yml]
scrape_configs:
- job_name: page
  static_configs: [{ targets: ['127.0.0.1:${(page.address() as AddressInfo).port}'] }]
`,
    );
    const own = await startPharos(configFile);
    closing.unshift(() => own.close());
    pharos = own.url;
    if (PROMETHEUS !== undefined) {
      const peer = await startPrometheus(PROMETHEUS, { configFile, directory });
      closing.unshift(() => peer.close());
      prometheus = peer.url;
    }
    for (const url of [pharos, prometheus]) {
      if (url === undefined) continue;
      const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' };
      const body = writtenSamples();
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
      expect(answer.status, await answer.text()).toBe(204);
      await until(url, 'the alert fires', async () => {
        const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: unknown[] } };
        return data.alerts.length > 0;
      });
      await until(url, 'every group was evaluated', async () => {
        const answer = await fetch(`${url}/api/v1/query?query=count({__name__=~"job:.*"})`);
        return (await answer.text()).includes('"2"');
      });
    }
  }, 60_000);

  afterAll(async () => {
    for (const close of closing) await close();
  });

  it.each(REQUESTS)('$what: $method $path', async (request) => {
    const { status, headers, text } = await send(pharos, request);
    expect(status, text).toBe(request.status ?? 200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    const { data, ...envelope } = JSON.parse(text);
    if (status === 200) {
      expect(envelope.status).toBe('success');
      expect(data).toBeDefined();
    } else {
      expect(envelope).toEqual({ status: 'error', errorType: 'bad_data', error: expect.any(String) });
      expect(data).toBeUndefined();
    }
  });

  it('the server does not pass for another product', async () => {
    const { text } = await send(pharos, REQUESTS.find((request) => request.path === 'status/buildinfo')!);
    expect(JSON.parse(text).data.features).toBeUndefined();
  });

  it('a client that posts where only GET is served falls back', async () => {
    const { status } = await send(pharos, { what: '', method: 'POST', path: 'label/pod/values', parameters: [] });
    expect(status).toBe(405);
  });

  describe.skipIf(PROMETHEUS === undefined)('get what Prometheus answers (needs a prometheus in PATH)', () => {
    it.each(REQUESTS)('$what: $method $path', async (request) => {
      const [own, peer] = [await send(pharos, request), await send(prometheus!, request)];
      expect(own.status, peer.text).toBe(peer.status);
      const [ours, theirs] = [own, peer].map(({ text }) => comparable(JSON.parse(text)));
      if (request.same) expect(ours).toEqual(theirs);
      const difference = shapeDifference(request, ours, theirs);
      const unknown = difference.filter((line) => !isListed(line, request));
      expect(unknown).toEqual([]);
      // A difference that is gone must leave the list.
      for (const path of Object.keys(request.differences ?? {})) {
        expect(
          difference.some((line) => line.includes(path)),
          `${path} is no difference any more`,
        ).toBe(true);
      }
    });

    it.each([
      ['SAMPLES', 0, decodeSamples],
      ['STREAMED_XOR_CHUNKS', 1, decodeStream],
    ] as const)('remote read, %s', async (_, type, decode) => {
      const body = encodeReadRequest({
        queries: [
          { start: START, end: END, matchers: [['job', 0, 'replay']] },
          {
            start: START + 1,
            end: END - 1,
            matchers: [
              ['region', 0, 'eu'],
              ['__name__', 2, 'replay_s.*'],
            ],
          },
        ],
        accepted: [type],
      });
      const read = async (url: string) => {
        const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy' };
        const answer = await fetch(`${url}/api/v1/read`, { method: 'POST', headers, body });
        const kinds = ['content-type', 'content-encoding'].map((name) => answer.headers.get(name));
        const text = JSON.stringify(decode(Buffer.from(await answer.arrayBuffer())));
        // Prometheus leaves -0 out of SAMPLES like 0, so that it loses its sign.
        const series: unknown[] = JSON.parse(
          type === 0 ? text.replaceAll('"8000000000000000"', '"0000000000000000"') : text,
        );
        return [answer.status, kinds, series.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))] as const;
      };
      const own = await read(pharos);
      expect(own[2].length).toBe(9);
      expect(own).toEqual(await read(prometheus!));
    });

    it('/federate', async () => {
      const query = 'match[]={job="replay"}&match[]=replay_special';
      const federate = async (url: string) => {
        const answer = await fetch(`${url}/federate?${query}`, {
          headers: { Accept: 'text/plain;escaping=allow-utf-8' },
        });
        return [answer.status, answer.headers.get('content-type'), await answer.text()];
      };
      const own = await federate(pharos);
      expect(own[2]).toContain('replay_special{job="replay",instance="",region="eu"}');
      expect(own).toEqual(await federate(prometheus!));
    });
  });
});

async function until(url: string, what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100))
    if (await holds().catch(() => false)) return;
  throw new Error(`waited in vain until ${what} at ${url}`);
}

/** Lists of series are in any order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    return items.every((item) => typeof item === 'object' && !Array.isArray(item))
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, comparable(child)]));
}

/** What only one of the two shapes has: `+` Pharos, `-` Prometheus. */
function shapeDifference(request: ReplayRequest, ours: unknown, theirs: unknown): string[] {
  const shape = (value: unknown) =>
    new Set(
      jsonShape(value).map((line) =>
        (request.maps ?? []).reduce((text, map) => text.replace(new RegExp(`^${map}\\.[^:[]+`), `${map}.*`), line),
      ),
    );
  const [own, peer] = [shape(ours), shape(theirs)];
  return [
    ...[...own].filter((line) => !peer.has(line)).map((line) => `+ ${line}`),
    ...[...peer].filter((line) => !own.has(line)).map((line) => `- ${line}`),
  ];
}

function isListed(line: string, { differences = {} }: ReplayRequest): boolean {
  return Object.keys(differences).some((path) => line.slice(2).startsWith(path));
}
