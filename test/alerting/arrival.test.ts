import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { type AlertEngine, createAlertEngine } from '../../alerting/alert-engine.ts';
import { parseRuleFile } from '../../alerting/rules/rule-file.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { queryFuncOf } from '../../cli/query-func.ts';
import { Arrivals } from '../../collector/scrape/arrivals.ts';
import { type InProcessTarget, ScrapePools } from '../../collector/scrape/scrape-pools.ts';
import { createEngine } from '../../query/engine.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { RecentSamples } from '../../storage/recent/recent-samples.ts';

const INTERVAL = 15_000;
const MINUTE = 60_000;
const silent = pino({ level: 'silent' });

/** A target that answers so many milliseconds after it is asked; never, if that is Infinity. */
function target(clock: SteppedClock, instance: string, delay: number): InProcessTarget {
  return {
    job: 'test',
    instance,
    scrapeInterval: INTERVAL,
    scrapeTimeout: 10_000,
    scraper: {
      scrape: (signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          const answer = () => resolve({ bytes: Buffer.from('here 1\n'), contentType: 'text/plain' });
          if (delay < Number.POSITIVE_INFINITY) clock.schedule(delay, answer);
        }),
      close: async () => {},
    },
  };
}

interface Watched {
  /** How old the target's newest sample was at each evaluation, in seconds. */
  readonly ages: number[];
  /** How long after its own time each evaluation asked, in milliseconds. */
  readonly lags: number[];
  readonly alerts: string[];
  readonly metrics: string;
}

/** Scrapes a target and evaluates twenty groups, whose times lie anywhere in the interval, for some minutes. */
async function watch(delay: number, { waits, minutes = 4 }: { waits: boolean; minutes?: number }): Promise<Watched> {
  const clock = new SteppedClock();
  const recent = new RecentSamples({ storage: createMemoryStorage(), now: () => clock.now() });
  const { storage } = recent;
  const registry = new Registry();
  const arrivals = new Arrivals({ clock });
  const pools = new ScrapePools({
    appender: storage.appender,
    logger: silent,
    registry: new Registry(),
    version: '0',
    clock,
    arrivals,
  });
  recent.want(
    'rules',
    new Map([
      ['here', 5 * MINUTE],
      ['up', 5 * MINUTE],
    ]),
  );
  await recent.settled();
  const query = queryFuncOf(createEngine({ querier: storage.querier }));
  const ages: number[] = [];
  const lags: number[] = [];
  const alerts: string[] = [];
  const begun = clock.now();
  const engine: AlertEngine = createAlertEngine({
    query: async (expr, time, signal) => {
      const answer = await query(expr, time, signal);
      // Until every target has been scraped once nothing is expected of it.
      if (time > begun + 2 * INTERVAL) {
        lags.push(clock.now() - time);
        if (expr.startsWith('time()')) ages.push(...answer.samples.map(({ value }) => value));
      }
      return answer;
    },
    appender: storage.appender,
    alertLog: storage.alertLog,
    logger: silent,
    registry,
    clock,
    ...(waits && { arrived: arrivals.wait }),
    externalLabels: {},
    externalUrl: 'http://localhost',
    defaultInterval: INTERVAL,
    notify: (all) => alerts.push(...all.map(({ labels }) => labels.toString())),
  });
  const groups = Array.from({ length: 20 }, (_, i) => [
    `- name: group-${i}`,
    '  rules:',
    `  - { record: 'age', expr: 'time() - timestamp(here{instance="late"})', labels: { group: '${i}' } }`,
    `  - { alert: 'Gap', expr: 'time() - timestamp(here{instance="late"}) >= ${INTERVAL / 1000}' }`,
  ]);
  const { groups: parsed, problems } = parseRuleFile('f.yml', ['groups:', ...groups.flat()].join('\n'));
  expect(problems).toEqual([]);
  engine.apply(parsed);
  pools.apply({ jobs: [], inProcess: [target(clock, 'late', delay), target(clock, 'quick', 20)] });
  await clock.advance(INTERVAL);
  await engine.start();
  for (let i = 0; i < minutes * 60; i++) await clock.advance(1000);
  await engine.stop();
  await pools.close();
  return { ages, lags, alerts, metrics: await registry.metrics() };
}

describe('an evaluation', () => {
  test('sees the sample of its round of a target that answers 3 s late: no gap, no false alert', async () => {
    const { ages, lags, alerts, metrics } = await watch(3000, { waits: true });
    expect(ages.length).toBeGreaterThan(200);
    expect(Math.max(...ages)).toBeLessThan(INTERVAL / 1000);
    expect(alerts).toEqual([]);
    expect(Math.max(...lags)).toBeLessThanOrEqual(3000);
    expect(metrics).toContain('pharos_rule_arrivals_late_total 0');
  });

  test('without waiting would see a gap and raise an alert', async () => {
    const { ages, alerts } = await watch(3000, { waits: false, minutes: 2 });
    expect(Math.max(...ages)).toBeGreaterThanOrEqual(INTERVAL / 1000);
    expect(alerts.length).toBeGreaterThan(0);
  });

  test('is held up by a target that hangs until the deadline, and after three rounds no more', async () => {
    const { lags, metrics } = await watch(Number.POSITIVE_INFINITY, { waits: true });
    expect(Math.max(...lags)).toBeGreaterThan(5000);
    // Half the interval; time goes on by whole seconds at most between two evaluations that are due.
    expect(Math.max(...lags)).toBeLessThanOrEqual(INTERVAL / 2);
    expect(Math.max(...lags.slice(-400))).toBeLessThan(1000);
    expect(Number(/pharos_rule_arrivals_late_total (\d+)/.exec(metrics)![1])).toBeGreaterThan(0);
  });
});
