import { expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { AlertHistory } from './alert-history.ts';
import type { AlertInstance } from './alert-instance.ts';

const alert: AlertInstance = {
  ...{ labels: Labels.from({ alertname: 'A' }), annotations: Labels.EMPTY, state: 'firing', value: 1 },
  ...{ activeAt: 1000, firedAt: 2000, resolvedAt: 0, keepFiringSince: 0, valueIsCurrent: true },
};
const signal = new AbortController().signal;

it('remembers the newest state of each alert, and leaves alone what earlier versions kept beside it', async () => {
  const rule = JSON.stringify(['f"]"', 'g', 'A"]', '[]', 'alerting']);
  const log = createMemoryStorage().alertLog;
  const history = new AlertHistory(log, () => 5000);
  await history.change((append) => append([{ rule, alert }]));
  const over = { ...alert, state: 'inactive' as const, resolvedAt: 4000 };
  await history.change((append) => append([{ rule, alert: over }]));
  const event = {
    ...alert,
    timestamp: 6000,
    rule: `${rule}"r\\"]\\"x"`,
    lastSentAt: 6000,
    lastSentStatus: 'firing' as const,
  };
  await log.append([event]);
  const remembered = await history.remembered(0, signal);
  expect([...remembered.keys()]).toEqual([rule]);
  expect(remembered.get(rule)).toMatchObject([{ state: 'inactive', resolvedAt: 4000, timestamp: 5001, lastSentAt: 0 }]);
});

it('writes after what it remembers, though the time of day was set back', async () => {
  const rule = JSON.stringify(['f', 'g', 'A', '[]', 'alerting']);
  const log = createMemoryStorage().alertLog;
  await new AlertHistory(log, () => 9_000_000).change((append) => append([{ rule, alert }]));
  const history = new AlertHistory(log, () => 5_400_000);
  await history.remembered(0, signal);
  await history.change((append) => append([{ rule, alert: { ...alert, state: 'inactive', resolvedAt: 5_400_000 } }]));
  const remembered = await new AlertHistory(log, () => 5_500_000).remembered(0, signal);
  expect(remembered.get(rule)).toMatchObject([{ state: 'inactive', timestamp: 9_000_001 }]);
});

it('runs changes one after the other, and goes on after one that failed', async () => {
  const history = new AlertHistory(createMemoryStorage().alertLog, () => 0);
  const order: string[] = [];
  const first = history.change(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push('first');
    throw new Error('no store');
  });
  const second = history.change(async () => order.push('second'));
  await expect(first).rejects.toThrow('no store');
  await second;
  expect(order).toEqual(['first', 'second']);
});
