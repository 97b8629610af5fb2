import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { createAlertEngine } from './alert-engine.ts';
import { BUILTIN_RULES } from './builtin-rules.ts';
import { createWebhookNotifier } from './notify/webhook-notifier.ts';
import type { QueryVector, RuleGroup } from './rules/rule.ts';
import { parseRuleFile } from './rules/rule-file.ts';

const logger = pino({ level: 'silent' });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Body {
  readonly status: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly annotations: Record<string, string>;
    readonly endsAt: string;
  }[];
}

async function receiver(statuses: number[] = []) {
  const bodies: Body[] = [];
  let requests = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.statusCode = statuses[requests++] ?? 200;
    if (response.statusCode === 200) bodies.push(JSON.parse(text));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies, requests: () => requests };
}

const group: RuleGroup = {
  name: 'g',
  file: 'f.yml',
  interval: 40,
  limit: 0,
  queryOffset: undefined,
  labels: {},
  rules: [
    {
      kind: 'alerting',
      alert: 'Down',
      expr: 'up == 0',
      for: 0,
      keepFiringFor: 0,
      labels: {},
      annotations: { summary: '{{ $labels.instance }} is {{ $value }}' },
    },
  ],
};

function run(storage: ReturnType<typeof createMemoryStorage>, url: string, query: () => Promise<QueryVector>) {
  const registry = new Registry();
  const notifier = createWebhookNotifier({
    receivers: [
      {
        name: 'r',
        url,
        sendResolved: true,
        timeout: 2000,
        maxAlerts: 0,
        groupBy: ['alertname'],
        groupWait: 10,
        groupInterval: 50,
        repeatInterval: 3_600_000,
        headers: async () => ({}),
      },
    ],
    externalUrl: 'http://pharos',
    logger,
    registry,
    firstPause: 10,
    onSent: (alerts, by) => engine.sent(alerts, by),
  });
  let evaluations = 0;
  const engine = createAlertEngine({
    query: () => {
      evaluations++;
      return query();
    },
    appender: storage.appender,
    alertLog: storage.alertLog,
    logger,
    registry,
    externalLabels: { cluster: 'c' },
    externalUrl: 'http://pharos',
    defaultInterval: 40,
    notify: (alerts) => notifier.notify(alerts),
  });
  engine.apply([group]);
  void engine.start();
  const stop = async () => {
    await engine.stop();
    await notifier.stop();
  };
  cleanups.push(stop);
  return { engine, stop, evaluations: () => evaluations };
}

const down = async (): Promise<QueryVector> => ({ samples: [{ labels: Labels.from({ instance: 'a' }), value: 0 }] });
const up = async (): Promise<QueryVector> => ({ samples: [] });
/** What the log says that the receiver was told last. */
const told = async (storage: ReturnType<typeof createMemoryStorage>, receiver = 'r') => {
  const events = await storage.alertLog.latest(0, new AbortController().signal);
  return events.find(({ rule }) => rule.endsWith(JSON.stringify(receiver)))?.lastSentStatus;
};

describe('a restart', () => {
  test('neither repeats what was told nor forgets an end that came meanwhile', async () => {
    const storage = createMemoryStorage();
    const { url, bodies } = await receiver([503]);
    const first = run(storage, url, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]!.alerts[0]!.annotations).toEqual({ summary: 'a is 0' });
    expect(first.engine.alerts()[0]!.state).toBe('firing');
    await first.stop();

    const second = run(storage, url, down);
    await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(5), 10_000);
    await second.stop();
    expect(bodies).toHaveLength(1);

    run(storage, url, up);
    await vi.waitFor(() => expect(bodies).toHaveLength(2), 10_000);
    expect(bodies[1]!.status).toBe('resolved');
    expect(bodies[1]!.alerts[0]!.endsAt).not.toBe('0001-01-01T00:00:00Z');
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
  });

  test('a failed query resolves nothing', async () => {
    const storage = createMemoryStorage();
    const { url, bodies } = await receiver();
    let query = down;
    const { engine, evaluations } = run(storage, url, () => query());
    await vi.waitFor(() => expect(bodies).toHaveLength(1), 10_000);
    query = async () => {
      throw new Error('no store');
    };
    const before = evaluations();
    await vi.waitFor(() => expect(evaluations()).toBeGreaterThan(before + 3), 10_000);
    expect(engine.alerts()[0]!.state).toBe('firing');
    expect(engine.groups()[0]!.rules[0]).toMatchObject({ health: 'err', lastError: 'no store' });
    expect(bodies).toHaveLength(1);
  });

  test('a refusal is not tried again', async () => {
    const { url, requests } = await receiver([400, 400, 400]);
    const { evaluations } = run(createMemoryStorage(), url, down);
    await vi.waitFor(() => expect(requests()).toBe(1), 10_000);
    const before = evaluations();
    await vi.waitFor(() => expect(evaluations()).toBeGreaterThan(before + 4), 10_000);
    expect(requests()).toBe(1);
  });
});

test('the built-in rules are valid', () => {
  const { groups, problems } = parseRuleFile('builtin.yml', BUILTIN_RULES);
  expect(problems).toEqual([]);
  expect(groups[0]!.rules).toHaveLength(6);
});
