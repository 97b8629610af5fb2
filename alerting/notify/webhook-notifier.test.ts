import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert, Told } from '../notifiable-alert.ts';
import { type Answer, startReceiver } from './http-receiver.case.ts';
import { createWebhookNotifier, type WebhookNotifierOptions, type WebhookReceiver } from './webhook-notifier.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const alert = (name: string, more: Partial<NotifiableAlert> = {}): NotifiableAlert => ({
  rule: 'r',
  key: name,
  labels: Labels.from({ alertname: 'A', name }),
  annotations: Labels.EMPTY,
  status: 'firing',
  startsAt: 1000,
  endsAt: 0,
  validUntil: 0,
  generatorUrl: '',
  told: new Map(),
  ...more,
});
const over = (name: string, told: ReadonlyMap<string, Told> = new Map()): NotifiableAlert =>
  alert(name, { status: 'resolved', endsAt: 2000, told });

async function setup(
  config: Partial<WebhookReceiver> = {},
  answers: Answer[] = [],
  more: Partial<WebhookNotifierOptions> = {},
) {
  const receiver = await startReceiver(answers);
  cleanups.push(receiver.close);
  const sent: string[] = [];
  const registry = new Registry();
  const lines: string[] = [];
  const notifier = createWebhookNotifier({
    receivers: [
      {
        ...{ name: 'team', url: `${receiver.url}/secret-token`, sendResolved: true, timeout: 2000, maxAlerts: 0 },
        ...{ groupBy: ['alertname'], groupWait: 20, groupInterval: 100, repeatInterval: 3_600_000 },
        headers: async () => ({}),
        ...config,
      },
    ],
    externalUrl: 'http://pharos',
    logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    registry,
    firstPause: 5,
    onSent: async (alerts, by) => {
      for (const one of alerts) sent.push(`${by.receiver} ${one.key} ${one.status}`);
    },
    ...more,
  });
  cleanups.push(() => notifier.stop());
  const told = () =>
    receiver.requests.map(({ body }) =>
      body.alerts
        .map((one: { labels: { name: string }; status: string }) => `${one.labels.name} ${one.status}`)
        .join(', '),
    );
  return { notifier, receiver, sent, registry, lines, told };
}

const a_while = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('grouping', () => {
  it('waits for more alerts of the group, and tells them together', async () => {
    const { notifier, told, sent } = await setup({ groupWait: 200 });
    notifier.notify([alert('a')]);
    await a_while(20);
    notifier.notify([alert('b')]);
    await vi.waitFor(() => expect(told()).toEqual(['a firing, b firing']), 10_000);
    await vi.waitFor(() => expect(sent).toEqual(['team a firing', 'team b firing']), 10_000);
  });

  it.each([
    [[], ['{}:{}']],
    [['name'], ['{}:{name="a"}', '{}:{name="b"}']],
    [['...'], ['{}:{alertname="A", name="a"}', '{}:{alertname="A", name="b"}']],
  ])('by %j', async (groupBy, keys) => {
    const { notifier, receiver } = await setup({ groupBy });
    notifier.notify([alert('a'), alert('b')]);
    await vi.waitFor(() => expect(receiver.requests.map(({ body }) => body.groupKey).sort()).toEqual(keys), 10_000);
  });

  it('tells a change of a group after the group interval', async () => {
    const { notifier, receiver, told } = await setup({ groupInterval: 400 });
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(told()).toHaveLength(1), 10_000);
    notifier.notify([alert('a'), alert('b')]);
    await vi.waitFor(() => expect(told()).toEqual(['a firing', 'a firing, b firing']), 10_000);
    const [first, second] = receiver.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(350);
  });
});

describe('what is told', () => {
  it('is not told again while nothing changes', async () => {
    const { notifier, told } = await setup({ groupInterval: 20 });
    for (let i = 0; i < 10; i++) {
      notifier.notify([alert('a')]);
      await a_while(20);
    }
    expect(told()).toEqual(['a firing']);
  });

  it('is told again after the repeat interval', async () => {
    const { notifier, told } = await setup({ groupInterval: 20, repeatInterval: 100 });
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(told().length).toBeGreaterThan(2), 10_000);
    expect(new Set(told())).toEqual(new Set(['a firing']));
  });

  it('is the end, once, and then the next beginning', async () => {
    const { notifier, told, sent } = await setup({ groupInterval: 20 });
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(told()).toHaveLength(1), 10_000);
    notifier.notify([over('a')]);
    await vi.waitFor(() => expect(sent).toHaveLength(2), 10_000);
    notifier.notify([over('a', new Map([['team', { at: 1, status: 'resolved' }]]))]);
    await a_while(100);
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(told()).toEqual(['a firing', 'a resolved', 'a firing']), 10_000);
  });

  it('is not the end of what was never told', async () => {
    const { notifier, told } = await setup({ groupWait: 100 });
    notifier.notify([alert('a'), alert('b')]);
    notifier.notify([over('a'), over('c')]);
    await vi.waitFor(() => expect(told()).toEqual(['b firing']), 10_000);
  });

  it('is no end for a receiver that wants none, and a restart knows that', async () => {
    const { notifier, told, sent } = await setup({ sendResolved: false });
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(sent).toEqual(['team a firing']), 10_000);
    notifier.notify([over('a')]);
    await vi.waitFor(() => expect(sent).toEqual(['team a firing', 'team a resolved']), 10_000);
    await a_while(150);
    expect(told()).toEqual(['a firing']);
  });

  it('continues from what an earlier run has told', async () => {
    const { notifier, told } = await setup({ groupInterval: 20 });
    const firing = new Map<string, Told>([['team', { at: Date.now() - 1000, status: 'firing' }]]);
    notifier.notify([
      alert('a', { told: firing }),
      over('b', firing),
      over('c', new Map([['other', firing.get('team')!]])),
    ]);
    await vi.waitFor(() => expect(told()).toEqual(['a firing, b resolved']), 10_000);
    await a_while(100);
    expect(told()).toHaveLength(1);
  });
});

describe('when it fails', () => {
  it('goes on while it is true, and remembers only what was accepted', async () => {
    const down = Array.from({ length: 12 }, () => ({ status: 503 }));
    const { notifier, sent, told } = await setup({ groupInterval: 30 }, down);
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(sent).toEqual(['team a firing']), 15_000);
    expect(told()).toHaveLength(13);
  });

  it('a refusal is logged by name, without the URL, counted, and not told as accepted', async () => {
    const { notifier, sent, lines, registry, receiver } = await setup({}, [{ status: 404 }]);
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(lines.join('')).toContain('a notification failed: status 404'), 10_000);
    expect(lines.join('')).toContain('"receiver":"team"');
    expect(lines.join('')).not.toContain('secret-token');
    await a_while(200);
    expect(receiver.requests).toHaveLength(1);
    expect(sent).toEqual([]);
    const metrics = await registry.metrics();
    expect(metrics).toContain('pharos_notifications_total{receiver="team",outcome="refused"} 1');
    expect(metrics).toContain('pharos_notifications_dropped_total{receiver="team"} 1');
  });

  it('stops in time while a receiver hangs', async () => {
    const { notifier, receiver } = await setup({ timeout: 60_000 }, ['hang'], { stopWithin: 50 });
    notifier.notify([alert('a')]);
    await vi.waitFor(() => expect(receiver.requests).toHaveLength(1), 10_000);
    const start = performance.now();
    await notifier.stop();
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('remembers on stopping what is just being accepted', async () => {
    const { notifier, receiver, sent } = await setup({
      headers: async () => {
        await a_while(200);
        return {};
      },
    });
    notifier.notify([alert('a')]);
    await a_while(100);
    await notifier.stop();
    expect(receiver.requests).toHaveLength(1);
    expect(sent).toEqual(['team a firing']);
  });
});
