import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createAlertEngine } from '../alerting/alert-engine.ts';
import type { NotifiableAlert } from '../alerting/notifiable-alert.ts';
import { parseRuleFile } from '../alerting/rules/rule-file.ts';
import { SteppedClock } from '../alerting/stepped-clock.case.ts';
import { queryFuncOf } from '../cli/query-func.ts';
import { createEngine } from '../query/engine.ts';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';

const MINUTE = 60_000;
const RULES = `
groups:
  - name: g
    interval: 1m
    rules:
      - { alert: Down, expr: up == 0, for: 10m }
      - { record: copy, expr: up }
`;

/** A store that outlives the alert engines on it, with a target that is down and scraped every half minute while one runs. */
function world() {
  const clock = new SteppedClock();
  const storage = createMemoryStorage();
  const query = queryFuncOf(createEngine({ querier: storage.querier }));
  const ref = storage.appender.acquire(Labels.from({ __name__: 'up', instance: 'a' }));
  const scrape = async (value: number) => {
    const [timestamps, values] = [Float64Array.of(clock.now()), Float64Array.of(value)];
    await storage.appender.append({
      length: 1,
      refs: Uint32Array.of(ref),
      timestamps,
      values,
      stale: Uint8Array.of(0),
    });
  };
  const start = async (rules = RULES, isComplete = () => true) => {
    const told: NotifiableAlert[] = [];
    const engine = createAlertEngine({
      query,
      clock,
      appender: storage.appender,
      alertLog: storage.alertLog,
      logger: pino({ level: 'silent' }),
      registry: new Registry(),
      externalLabels: {},
      externalUrl: '',
      defaultInterval: MINUTE,
      isComplete,
      notify: (alerts) => told.push(...alerts),
    });
    engine.apply(parseRuleFile('f.yml', rules).groups);
    await engine.start();
    return {
      engine,
      told,
      stop: () => engine.stop(),
      /** Lets it run, while the target is scraped; then the states of the alert. */
      async run(minutes: number, value = 0): Promise<string> {
        for (let half = 0; half < 2 * minutes; half++) {
          await scrape(value);
          await clock.advance(MINUTE / 2);
        }
        return engine
          .alerts()
          .map(({ state }) => state)
          .join();
      },
    };
  };
  const samples = async (expr: string) => (await query(expr, clock.now(), new AbortController().signal)).samples;
  return { clock, start, samples };
}

describe('a restart', () => {
  test('of five minutes neither makes a pending alert fire early nor begin anew', async () => {
    const { clock, start } = world();
    const first = await start();
    expect(await first.run(5)).toBe('pending');
    await first.stop();
    await clock.advance(5 * MINUTE);
    const second = await start();
    // Ten minutes after the condition began, but only about five of them were watched.
    expect(await second.run(4)).toBe('pending');
    expect(await second.run(2)).toBe('firing');
    await second.stop();
  });

  test('that is short costs nothing but its time', async () => {
    const { clock, start } = world();
    const first = await start();
    expect(await first.run(9)).toBe('pending');
    await first.stop();
    await clock.advance(5_000);
    const second = await start();
    expect(await second.run(1)).toBe('pending');
    expect(await second.run(2)).toBe('firing');
    await second.stop();
  });

  test('of more than an hour lets it begin anew', async () => {
    const { clock, start } = world();
    const first = await start();
    await first.run(9);
    await first.stop();
    await clock.advance(70 * MINUTE);
    const second = await start();
    expect(await second.run(9)).toBe('pending');
    expect(await second.run(2)).toBe('firing');
    await second.stop();
  });

  test('keeps what fires firing, since when it did', async () => {
    const { clock, start } = world();
    const first = await start();
    expect(await first.run(12)).toBe('firing');
    const [told] = first.told;
    await first.stop();
    await clock.advance(30 * MINUTE);
    const second = await start();
    expect(await second.run(1)).toBe('firing');
    expect(second.told.at(-1)).toMatchObject({ status: 'firing', startsAt: told!.startsAt });
    expect(await second.run(4, 1)).toBe('');
    expect(second.told.at(-1)).toMatchObject({ status: 'resolved', measured: { value: 1, isCurrent: true } });
    await second.stop();
  });
});

test('rules that come some time after the start continue their alerts, and those that do not come end them', async () => {
  const { clock, start } = world();
  const first = await start();
  expect(await first.run(12)).toBe('firing');
  await first.stop();
  const [told] = first.told;
  const others = RULES.replace(/.*alert:.*/, '');
  let isComplete = false;

  const second = await start(others, () => isComplete);
  await second.run(3);
  second.engine.apply(parseRuleFile('f.yml', RULES).groups);
  expect(await second.run(2)).toBe('firing');
  isComplete = true;
  expect(await second.run(2)).toBe('firing');
  expect(second.told.map(({ status, startsAt }) => `${status} ${startsAt - told!.startsAt}`)).toContain('firing 0');
  expect(second.told.some(({ status }) => status === 'resolved')).toBe(false);
  await second.stop();

  isComplete = false;
  await clock.advance(MINUTE);
  const third = await start(others, () => isComplete);
  await third.run(3);
  expect(third.told).toEqual([]);
  isComplete = true;
  await third.run(2);
  expect(third.told).toMatchObject([{ status: 'resolved' }]);
  await third.stop();
});

test('rules that stay keep their alerts and series when others change', async () => {
  const { clock, start, samples } = world();
  const { engine, run, stop } = await start();
  expect(await run(5)).toBe('pending');
  engine.apply(parseRuleFile('f.yml', RULES.replace('expr: up == 0', 'expr: up < 1')).groups);
  await clock.advance(1000);
  expect(await samples('copy')).toHaveLength(1);
  expect(await run(6)).toBe('firing');
  engine.apply(parseRuleFile('f.yml', RULES.replace(/.*record.*/, '')).groups);
  await clock.advance(1000);
  expect(await samples('copy')).toHaveLength(0);
  expect(await samples('ALERTS')).toHaveLength(1);
  await stop();
});
