import pino from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { createAlertmanagerPush } from './alertmanager.ts';
import { type Answer, startReceiver } from './http-receiver.case.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const alert = (name: string, more: Partial<NotifiableAlert> = {}): NotifiableAlert => ({
  rule: 'r',
  key: name,
  labels: Labels.from({ alertname: 'A', name }),
  annotations: Labels.from({ summary: 's' }),
  status: 'firing',
  startsAt: Date.UTC(2026, 0, 1),
  endsAt: 0,
  validUntil: Date.UTC(2026, 0, 1, 0, 4),
  generatorUrl: 'http://pharos/graph',
  ...more,
});

interface Setup {
  readonly answers?: Answer[];
  readonly resendDelay?: number;
  readonly clock?: Clock;
  readonly maySend?: () => boolean;
}

async function setup({ answers = [], resendDelay = 60_000, clock = SYSTEM_CLOCK, maySend = () => true }: Setup = {}) {
  const [one, two] = [await startReceiver(answers), await startReceiver()];
  cleanups.push(one.close, two.close);
  const push = createAlertmanagerPush({
    urls: () => [`${one.url}/prefix/`, two.url],
    timeout: 2000,
    headers: async () => ({ authorization: 'Bearer x' }),
    logger: pino({ level: 'silent' }),
    resendDelay,
    clock,
    maySend,
  });
  cleanups.push(() => push.stop());
  return { push, one, two };
}

it('posts firing and ended alerts to every Alertmanager', async () => {
  const { push, one, two } = await setup();
  push.notify([alert('a'), alert('b', { status: 'resolved', endsAt: Date.UTC(2026, 0, 1, 0, 2) })]);
  await vi.waitFor(() => expect([one.requests.length, two.requests.length]).toEqual([1, 1]), 10_000);
  expect(one.requests[0]).toMatchObject({ url: '/prefix/api/v2/alerts', headers: { authorization: 'Bearer x' } });
  expect(two.requests[0]!.body).toEqual([
    {
      labels: { alertname: 'A', name: 'a' },
      annotations: { summary: 's' },
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2026-01-01T00:04:00.000Z',
      generatorURL: 'http://pharos/graph',
    },
    expect.objectContaining({ labels: { alertname: 'A', name: 'b' }, endsAt: '2026-01-01T00:02:00.000Z' }),
  ]);
});

it('says again only what is due, and at once what has changed', async () => {
  const { push, two } = await setup({ resendDelay: 300 });
  const names = () => two.requests.map(({ body }) => body.map((one: NotifiableAlert) => one.endsAt));
  push.notify([alert('a')]);
  await vi.waitFor(() => expect(names()).toHaveLength(1), 10_000);
  push.notify([alert('a')]);
  push.notify([alert('a', { status: 'resolved', endsAt: Date.UTC(2026, 0, 1, 0, 2) })]);
  await vi.waitFor(() => expect(names().at(-1)).toEqual(['2026-01-01T00:02:00.000Z']), 10_000);
  expect(names()).toHaveLength(2);
  await vi.waitFor(() => {
    push.notify([alert('a', { status: 'resolved', endsAt: Date.UTC(2026, 0, 1, 0, 2) })]);
    expect(names()).toHaveLength(3);
  }, 10_000);
});

it('tries an Alertmanager again that fails, while the others have it already', async () => {
  const { push, one, two } = await setup({ answers: [{ status: 500 }] });
  push.notify([alert('a')]);
  await vi.waitFor(() => expect(one.requests).toHaveLength(2), 10_000);
  expect(two.requests).toHaveLength(1);
});

it('cuts many alerts into posts', async () => {
  const { push, two } = await setup();
  push.notify(Array.from({ length: 150 }, (_, i) => alert(String(i))));
  await vi.waitFor(() => expect(two.requests).toHaveLength(3), 10_000);
  const names = two.requests.flatMap(({ body }) => body.map((one: { labels: { name: string } }) => one.labels.name));
  expect(new Set(names).size).toBe(150);
});

it('ends the old labels of an alert whose labels change, again and again for a while, and only those', async () => {
  const clock = new SteppedClock();
  const { push, two } = await setup({ clock });
  const severity = (name: string, level: string) =>
    alert(name, {
      labels: Labels.from({ alertname: 'A', name, severity: level }),
      validUntil: clock.now() + 240_000,
    });
  const taken = async (count: number): Promise<string[]> => {
    await vi.waitFor(() => expect(two.requests).toHaveLength(count), 10_000);
    return two.requests.splice(0).flatMap(({ body }) =>
      body.map(({ labels, endsAt }: { labels: Record<string, string>; endsAt: string }) => {
        const ended = Date.parse(endsAt) <= clock.now() ? 'ended' : 'firing';
        return `${labels.name} ${labels.severity} ${ended}`;
      }),
    );
  };
  push.notify([severity('a', 'warn'), severity('b', 'warn')]);
  expect(await taken(1)).toEqual(['a warn firing', 'b warn firing']);
  push.notify([severity('a', 'serious'), severity('b', 'warn')]);
  expect(await taken(1)).toEqual(['a serious firing', 'a warn ended']);
  await clock.advance(60_000);
  push.notify([severity('a', 'serious')]);
  expect(await taken(1)).toEqual(['a serious firing', 'a warn ended']);
  // It comes back to the labels that had ended.
  push.notify([severity('a', 'warn')]);
  expect(await taken(1)).toEqual(['a warn firing', 'a serious ended']);
  await clock.advance(16 * 60_000);
  push.notify([severity('a', 'warn')]);
  expect(await taken(1)).toEqual(['a warn firing']);
});

it('tells nothing while it may not, and then all of it again', async () => {
  let leads = true;
  const { push, one, two } = await setup({
    answers: Array.from({ length: 50 }, () => ({ status: 503 })),
    maySend: () => leads,
  });
  push.notify([alert('a')]);
  await vi.waitFor(() => expect(one.requests.length).toBe(1), 10_000);
  leads = false;
  push.notify([alert('b')]);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  leads = true;
  push.notify([alert('a'), alert('b')]);
  await vi.waitFor(() => expect(two.requests.at(-1)!.body).toHaveLength(2), 10_000);
});
