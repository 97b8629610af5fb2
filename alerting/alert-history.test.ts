import { expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { AlertHistory } from './alert-history.ts';
import type { AlertInstance } from './alert-instance.ts';

const alert: AlertInstance = {
  ...{ labels: Labels.from({ alertname: 'A' }), annotations: Labels.EMPTY, state: 'firing', value: 1 },
  ...{ activeAt: 1000, firedAt: 2000, resolvedAt: 0, keepFiringSince: 0, valueIsCurrent: true, told: new Map() },
};
const told = (...entries: [string, 'firing' | 'resolved'][]): AlertInstance => ({
  ...alert,
  told: new Map(entries.map(([name, status]) => [name, { at: 3000, status }])),
});
const signal = new AbortController().signal;

it('remembers the newest state, and what each receiver was told, whatever the names', async () => {
  const rule = JSON.stringify(['f"]"', 'g', 'A"]', '[]', 'alerting']);
  const history = new AlertHistory(createMemoryStorage().alertLog, () => 5000);
  const odd = 'r"]"x';
  await history.change((append) => append([{ rule, alert }]));
  await history.change((append) => append([{ rule, alert: told(['r', 'firing']), receiver: 'r' }]));
  await history.change((append) => append([{ rule, alert: told(['r', 'firing'], [odd, 'firing']), receiver: odd }]));
  const over = { ...told(['r', 'resolved'], [odd, 'firing']), state: 'inactive' as const, resolvedAt: 4000 };
  await history.change((append) => append([{ rule, alert: over }]));
  await history.change((append) => append([{ rule, alert: over, receiver: 'r' }]));
  const remembered = await history.remembered(0, signal);
  expect([...remembered.keys()]).toEqual([rule]);
  const [only, ...others] = remembered.get(rule)!;
  expect(others).toEqual([]);
  expect(only!.newest).toMatchObject({ state: 'inactive', resolvedAt: 4000, timestamp: 5004 });
  expect(Object.fromEntries(only!.told)).toEqual({
    r: { at: 3000, status: 'resolved' },
    [odd]: { at: 3000, status: 'firing' },
  });
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
