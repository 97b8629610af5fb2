import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import type { SampleBatch } from '../storage/series.ts';
import { createAlertEngine } from './alert-engine.ts';
import { parseRuleFile } from './rules/rule-file.ts';

const RULES = 20;

function groupsOf(prefix: string) {
  const rules = Array.from({ length: RULES }, (_, n) => `{record: "${prefix}:${n}", expr: x}`);
  return parseRuleFile('f.yml', `groups: [{name: ${prefix}, interval: 1s, rules: [${rules.join(', ')}]}]`).groups;
}

it('ends the series of all rules that went at once, however long it takes until samples are durable', async () => {
  const storage = createMemoryStorage();
  let written = 0;
  let ending = 0;
  let release = (): void => {};
  const durable = new Promise<void>((resolve) => {
    release = resolve;
  });
  const append = async (batch: SampleBatch): Promise<void> => {
    await storage.appender.append(batch);
    if (batch.stale[0] === 1) {
      ending++;
      await durable;
    } else written++;
  };
  const engine = createAlertEngine({
    query: async () => ({ samples: [{ labels: Labels.from({ a: 'b' }), value: 1 }] }),
    appender: {
      acquire: (labels) => storage.appender.acquire(labels),
      release: (refs) => storage.appender.release(refs),
      append,
      describe: () => {},
    },
    alertLog: storage.alertLog,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    externalLabels: {},
    externalUrl: 'http://x',
    defaultInterval: 1000,
    notify: () => {},
  });
  engine.apply(groupsOf('before'));
  await engine.start();
  await expect.poll(() => written, { timeout: 10_000 }).toBeGreaterThanOrEqual(RULES);
  engine.apply(groupsOf('after'));
  await expect.poll(() => ending, { timeout: 5_000 }).toBe(RULES);
  release();
  await engine.stop();
});
