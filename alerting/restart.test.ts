import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StorageError } from '../storage/errors.ts';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import type { NotificationLog } from '../storage/notification-log.ts';
import { createAlertEngine } from './alert-engine.ts';
import type { WrittenAlertLog } from './alert-history.ts';
import { BUILTIN_RULES } from './builtin-rules.ts';
import { parseSimpleConfiguration } from './notify/configuration/parse-configuration.ts';
import { simpleConfiguration } from './notify/configuration/simple-configuration.ts';
import type { Notification, Outcome } from './notify/integration.ts';
import { createNotifier } from './notify/notifier.ts';
import { NO_TEMPLATES, Recorder } from './notify/recorder.case.ts';
import type { QueryVector } from './query-func.ts';
import type { RuleGroup } from './rules/rule.ts';
import { parseRuleFile } from './rules/rule-file.ts';

const logger = pino({ level: 'silent' });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A receiver that keeps what it accepts. */
function receiver() {
  const recorder = new Recorder();
  const bodies: Notification[] = [];
  let outcome: Outcome = { kind: 'delivered' };
  recorder.answer = ({ notification }) => {
    if (outcome.kind === 'delivered') bodies.push(notification);
    return outcome;
  };
  return {
    recorder,
    bodies,
    requests: () => recorder.all.length,
    fail() {
      outcome = { kind: 'failed', reason: 'status 503', retryAfter: 0 };
    },
    accept() {
      outcome = { kind: 'delivered' };
    },
  };
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

interface RunOptions {
  readonly groups?: readonly RuleGroup[];
  /** By name; default: one, `r`. */
  readonly receivers?: Readonly<Record<string, Recorder>>;
  readonly groupWait?: number;
  readonly holdRestored?: number;
  readonly alertLog?: WrittenAlertLog;
  readonly notificationLog?: NotificationLog;
}

function run(
  storage: ReturnType<typeof createMemoryStorage>,
  recorder: Recorder,
  query: (expr: string) => Promise<QueryVector>,
  options: RunOptions = {},
) {
  const registry = new Registry();
  const receivers = Object.entries(options.receivers ?? { r: recorder }).map(([name, { registry: kinds }]) => ({
    name,
    groupBy: ['alertname'],
    groupWait: options.groupWait ?? 10,
    groupInterval: 50,
    repeatInterval: 3_600_000,
    integrations: webhooks(name, kinds),
  }));
  const notifier = createNotifier({
    configuration: simpleConfiguration(receivers),
    templates: NO_TEMPLATES,
    notificationLog: options.notificationLog ?? storage.notificationLog,
    silenced: () => [],
    externalUrl: 'http://pharos',
    logger,
    registry,
    stopWithin: 100,
  });
  notifier.start();
  let evaluations = 0;
  const engine = createAlertEngine({
    query: (expr) => {
      evaluations++;
      return query(expr);
    },
    appender: storage.appender,
    alertLog: options.alertLog ?? storage.alertLog,
    logger,
    registry,
    externalLabels: { cluster: 'c' },
    externalUrl: 'http://pharos',
    defaultInterval: 40,
    holdRestored: options.holdRestored ?? 0,
    notify: (alerts) => notifier.notify(alerts),
  });
  engine.apply(options.groups ?? [group]);
  void engine.start();
  const stop = async () => {
    await engine.stop();
    await notifier.stop();
  };
  cleanups.push(stop);
  return { engine, stop, registry, evaluations: () => evaluations };
}

function webhooks(name: string, kinds: Recorder['registry']) {
  const text = `notification: {receivers: [{name: ${name}, webhook_configs: [{url: http://x}]}]}`;
  const source = { file: 'pharos.yml', directory: '/', text, under: 'notification' };
  return parseSimpleConfiguration(source, kinds).configuration!.receivers.at(-1)!.integrations;
}

const down = async (): Promise<QueryVector> => ({ samples: [{ labels: Labels.from({ instance: 'a' }), value: 0 }] });
const up = async (): Promise<QueryVector> => ({ samples: [] });
/** What the log says that the receiver was told last. */
const told = async (storage: ReturnType<typeof createMemoryStorage>, name = 'r') => {
  const events = await storage.notificationLog.latest(0, new AbortController().signal);
  return events.find((event) => event.receiver === name)?.status;
};

describe('a restart', () => {
  test('neither repeats what was told nor forgets an end that came meanwhile', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    target.fail();
    setTimeout(() => target.accept(), 100);
    const first = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    expect(target.bodies).toHaveLength(1);
    expect(target.bodies[0]!.alerts[0]!.annotations.toObject()).toEqual({ summary: 'a is 0' });
    expect(first.engine.alerts()[0]!.state).toBe('firing');
    await first.stop();

    const second = run(storage, target.recorder, down);
    await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(5), 10_000);
    await second.stop();
    expect(target.bodies).toHaveLength(1);

    run(storage, target.recorder, up);
    await vi.waitFor(() => expect(target.bodies).toHaveLength(2), 10_000);
    expect(target.bodies[1]!.status).toBe('resolved');
    expect(target.bodies[1]!.alerts[0]!.endsAt).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
  });

  test('does not take for an end that targets were not scraped yet', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const first = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    await first.stop();

    let query = up;
    const second = run(storage, target.recorder, () => query(), { holdRestored: 600 });
    await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(3), 10_000);
    query = down;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(second.engine.alerts()).toHaveLength(1);
    expect(target.bodies).toHaveLength(1);
    query = up;
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
  });

  test('a failed query resolves nothing', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    let query = down;
    const { engine, evaluations } = run(storage, target.recorder, () => query());
    await vi.waitFor(() => expect(target.bodies).toHaveLength(1), 10_000);
    query = async () => {
      throw new Error('no store');
    };
    const before = evaluations();
    await vi.waitFor(() => expect(evaluations()).toBeGreaterThan(before + 3), 10_000);
    expect(engine.alerts()[0]!.state).toBe('firing');
    expect(engine.groups()[0]!.rules[0]).toMatchObject({ health: 'err', lastError: 'no store' });
    expect(target.bodies).toHaveLength(1);
  });
});

const logOf = ({ notificationLog }: ReturnType<typeof createMemoryStorage>): NotificationLog => ({
  append: (events) => notificationLog.append(events),
  latest: (since, signal) => notificationLog.latest(since, signal),
  find: (filter, signal) => notificationLog.find(filter, signal),
});

describe('killed', () => {
  test('between storing and telling, it tells after the restart, once', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const first = run(storage, target.recorder, down, { groupWait: 60_000 });
    await vi.waitFor(() => expect(first.engine.alerts()[0]?.state).toBe('firing'), 10_000);
    const events = await storage.alertLog.latest(0, new AbortController().signal);
    expect(events).toMatchObject([{ state: 'firing', lastSentStatus: '' }]);
    await first.stop();
    expect(target.bodies).toEqual([]);

    const second = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(5), 10_000);
    await second.stop();
    expect(target.bodies).toHaveLength(1);

    const third = run(storage, target.recorder, down);
    await vi.waitFor(() => expect(third.evaluations()).toBeGreaterThan(5), 10_000);
    expect(target.bodies).toHaveLength(1);
  });

  test('between telling and noting that, it tells once more rather than never', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const away = { ...logOf(storage), append: () => Promise.reject(new StorageError('unavailable', 'no answer')) };
    const first = run(storage, target.recorder, down, { notificationLog: away });
    await vi.waitFor(() => expect(target.bodies).toHaveLength(1), 10_000);
    await first.stop();
    run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    expect(target.bodies).toHaveLength(2);
  });

  test('between the end and telling it, it tells the end', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    let query = down;
    const first = run(storage, target.recorder, () => query());
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    target.fail();
    query = up;
    await vi.waitFor(() => expect(target.requests()).toBeGreaterThan(1), 10_000);
    await first.stop();
    target.accept();
    run(storage, target.recorder, up);
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
    expect(target.bodies.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
});

test('each receiver is told on its own: one that is down makes nobody hear twice', async () => {
  const storage = createMemoryStorage();
  const good = receiver();
  const bad = receiver();
  bad.fail();
  const receivers = { good: good.recorder, bad: bad.recorder };
  const first = run(storage, good.recorder, down, { receivers });
  await vi.waitFor(async () => expect(await told(storage, 'good')).toBe('firing'), 10_000);
  await first.stop();
  bad.accept();
  const second = run(storage, good.recorder, down, { receivers });
  await vi.waitFor(async () => expect(await told(storage, 'bad')).toBe('firing'), 10_000);
  await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(5), 10_000);
  await second.stop();
  expect([good.bodies.length, bad.bodies.length]).toEqual([1, 1]);

  const third = run(storage, good.recorder, up, { receivers });
  await vi.waitFor(async () => expect(await told(storage, 'good')).toBe('resolved'), 10_000);
  await vi.waitFor(async () => expect(await told(storage, 'bad')).toBe('resolved'), 10_000);
  await third.stop();
  expect([good.bodies.length, bad.bodies.length]).toEqual([2, 2]);
});

test('while the log cannot be read nothing is evaluated; then it continues where it was', async () => {
  const storage = createMemoryStorage();
  const target = receiver();
  const first = run(storage, target.recorder, down);
  await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
  const [before] = first.engine.alerts();
  await first.stop();

  let tries = 0;
  const alertLog: WrittenAlertLog = {
    append: (events) => storage.alertLog.append(events),
    latest: (since, signal) =>
      ++tries < 4
        ? Promise.reject(new StorageError('unavailable', 'no answer'))
        : storage.alertLog.latest(since, signal),
  };
  const second = run(storage, target.recorder, down, { alertLog });
  await vi.waitFor(() => expect(tries).toBeGreaterThan(1), 10_000);
  if (tries < 4) expect(second.engine.alerts()).toEqual([]);
  await vi.waitFor(() => expect(second.evaluations()).toBeGreaterThan(3), 10_000);
  expect(second.engine.alerts()[0]!.activeAt).toBe(before!.activeAt);
  expect(target.bodies).toHaveLength(1);
});

describe('rules that change', () => {
  const other = (more: Partial<RuleGroup>): RuleGroup => ({ ...group, ...more });

  test('keep the alerts of rules that stay', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const { engine, evaluations } = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    const [before] = engine.alerts();
    engine.apply([
      other({ interval: 30, rules: [{ kind: 'recording', record: 'a', expr: 'b', labels: {} }, ...group.rules] }),
    ]);
    const at = evaluations();
    await vi.waitFor(() => expect(evaluations()).toBeGreaterThan(at + 8), 10_000);
    expect(engine.alerts()).toEqual([before]);
    expect(target.bodies).toHaveLength(1);
  });

  test('end the alerts of rules that went', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const { engine, registry } = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    engine.apply([]);
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
    expect(target.bodies.map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(engine.alerts()).toEqual([]);
    expect(engine.groups()).toEqual([]);
    expect(await registry.metrics()).not.toContain('rule_group="f.yml;g"');
  });

  test('end the alerts of rules that went while nothing ran', async () => {
    const storage = createMemoryStorage();
    const target = receiver();
    const first = run(storage, target.recorder, down);
    await vi.waitFor(async () => expect(await told(storage)).toBe('firing'), 10_000);
    await first.stop();
    const second = run(storage, target.recorder, up, { groups: [other({ name: 'another' })] });
    await vi.waitFor(async () => expect(await told(storage)).toBe('resolved'), 10_000);
    await second.stop();
    expect(target.bodies.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
});

test('a query that never ends is given up, and stopping does not wait for it', async () => {
  const storage = createMemoryStorage();
  let asked = 0;
  const engine = createAlertEngine({
    query: () => {
      asked++;
      return new Promise(() => {});
    },
    appender: storage.appender,
    alertLog: storage.alertLog,
    logger,
    registry: new Registry(),
    externalLabels: {},
    externalUrl: 'http://pharos',
    defaultInterval: 40,
    queryTimeout: 30,
    notify: () => {},
  });
  engine.apply([group]);
  await engine.start();
  await vi.waitFor(() => expect(asked).toBeGreaterThan(2), 10_000);
  expect(engine.groups()[0]!.rules[0]).toMatchObject({
    health: 'err',
    lastError: 'a query of a rule must end within 0.03 s',
  });
  await engine.stop();
});

test('groups that are applied to an engine that was stopped are not evaluated', async () => {
  const target = receiver();
  const { engine, stop, evaluations } = run(createMemoryStorage(), target.recorder, up);
  await vi.waitFor(() => expect(evaluations()).toBeGreaterThan(0), 10_000);
  const stopped = stop();
  engine.apply([{ ...group, name: 'another' }]);
  await stopped;
  const before = evaluations();
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(evaluations()).toBe(before);
});

test('the built-in rules are valid', () => {
  const { groups, problems } = parseRuleFile('builtin.yml', BUILTIN_RULES);
  expect(problems).toEqual([]);
  expect(groups[0]!.rules).toHaveLength(6);
});
