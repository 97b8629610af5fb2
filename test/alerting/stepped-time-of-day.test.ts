/** Rules and notifications while the time of day is set back by an hour, and forward again. Timers go on as always. */
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { createAlertEngine } from '../../alerting/alert-engine.ts';
import { setupNotifier } from '../../alerting/notify/notifier-setup.case.ts';
import type { QueryFunc } from '../../alerting/query-func.ts';
import { parseRuleFile } from '../../alerting/rules/rule-file.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const LOOKBACK = 5 * MINUTE;
const SCRAPE = 15 * SECOND;
const RULES = `groups:
- name: g
  interval: 5s
  rules:
  - {alert: Now, expr: x > 1}
  - {alert: Held, expr: y > 1, for: 1m}
`;
const ROUTES = `
route: {receiver: r, group_by: [alertname, id], group_wait: 1s, group_interval: 5s, repeat_interval: 100h}
receivers: [{name: r, webhook_configs: [{url: http://x}]}]
`;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Series that are scraped at the time of day, and rules about them. */
function world() {
  const clock = new SteppedClock();
  const { notifier, recorder } = setupNotifier(ROUTES, { clock });
  const values = new Map<string, number>();
  const samples: { readonly series: string; readonly time: number; readonly value: number }[] = [];
  /** Of each series of the metric that `EXPR > 1` names the newest sample that is not after the time, if it is above. */
  const query: QueryFunc = async (expr, time) => {
    const newest = new Map<string, (typeof samples)[number]>();
    for (const sample of samples) {
      if (!sample.series.startsWith(expr[0]!) || sample.time > time || sample.time <= time - LOOKBACK) continue;
      if (sample.time >= (newest.get(sample.series)?.time ?? 0)) newest.set(sample.series, sample);
    }
    const above = [...newest.values()].filter(({ value }) => value > 1 || !expr.includes('>'));
    return { samples: above.map(({ series, value }) => ({ labels: Labels.from({ id: series }), value })) };
  };
  const storage = createMemoryStorage();
  const engine = createAlertEngine({
    ...{ query, appender: storage.appender, alertLog: storage.alertLog, clock, lookback: LOOKBACK },
    ...{
      logger: pino({ level: 'silent' }),
      registry: new Registry(),
      externalLabels: {},
      externalUrl: 'http://pharos',
    },
    defaultInterval: 5 * SECOND,
    notify: (alerts) => notifier.notify(alerts),
  });
  engine.apply(parseRuleFile('f.yml', RULES).groups);
  void engine.start();
  cleanups.push(async () => {
    const stopped = Promise.all([engine.stop(), notifier.stop()]);
    await clock.advance(MINUTE);
    await stopped;
  });
  let scraped = clock.elapsed();
  return {
    clock,
    set: (series: string, value: number) => values.set(series, value),
    /** What was told meanwhile. */
    async pass(milliseconds: number): Promise<string[]> {
      for (const end = clock.elapsed() + milliseconds; clock.elapsed() < end; ) {
        if (clock.elapsed() - scraped >= SCRAPE) {
          scraped = clock.elapsed();
          for (const [series, value] of values) samples.push({ series, time: clock.now(), value });
        }
        await clock.advance(SECOND);
      }
      return recorder.all
        .splice(0)
        .flatMap(({ notification }) =>
          notification.alerts.map(({ status, labels }) => `${labels.get('alertname')} ${labels.get('id')} ${status}`),
        );
    },
  };
}

it.each([-HOUR, HOUR])('no alert ends, is lost or is told twice by a step of %i ms, there and back', async (step) => {
  const { clock, set, pass } = world();
  set('x1', 2);
  set('x2', 2);
  expect(await pass(MINUTE)).toEqual(['Now x1 firing', 'Now x2 firing']);
  clock.jump(step);
  expect(await pass(2 * MINUTE)).toEqual([]);
  set('x3', 2);
  set('y1', 2);
  set('x1', 0);
  expect((await pass(2 * MINUTE)).sort()).toEqual(['Held y1 firing', 'Now x1 resolved', 'Now x3 firing']);
  // Else what was scraped just before the first step would be the newest once more.
  expect(await pass(2 * MINUTE)).toEqual([]);
  clock.jump(-step);
  expect(await pass(2 * MINUTE)).toEqual([]);
  set('x2', 0);
  set('x3', 0);
  set('y1', 0);
  expect((await pass(2 * MINUTE)).sort()).toEqual(['Held y1 resolved', 'Now x2 resolved', 'Now x3 resolved']);
  expect(await pass(HOUR / 2)).toEqual([]);
});

it('an alert that has held for half of its time when the time of day is set back holds for all of it anew', async () => {
  const { clock, set, pass } = world();
  set('y1', 2);
  expect(await pass(45 * SECOND)).toEqual([]);
  clock.jump(-HOUR);
  expect(await pass(MINUTE)).toEqual([]);
  expect(await pass(MINUTE)).toEqual(['Held y1 firing']);
});
