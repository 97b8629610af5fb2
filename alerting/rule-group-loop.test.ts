import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Appender } from '../storage/appender.ts';
import { Labels } from '../storage/labels.ts';
import { Matcher } from '../storage/matcher.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { readSamples } from '../storage/read-samples.ts';
import { AlertHistory, type WrittenAlertLog } from './alert-history.ts';
import { type AlertMetrics, createAlertMetrics } from './alert-metrics.ts';
import type { QueryFunc, QueryVector } from './query-func.ts';
import type { AlertingEvaluator, EvaluatorContext } from './rule-evaluator.ts';
import { RuleGroupLoop, type RuleGroupLoopOptions } from './rule-group-loop.ts';
import type { RuleGroup } from './rules/rule.ts';
import { parseRuleFile } from './rules/rule-file.ts';
import { formatFileProblems } from './yaml-reader.ts';

const T = 1_700_000_000_000;
const loops: RuleGroupLoop[] = [];
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
});

const row = (labels: Record<string, string>, value: number) => ({ labels: Labels.from(labels), value });

interface Setup {
  readonly query: QueryFunc;
  readonly options?: Partial<RuleGroupLoopOptions>;
  readonly appender?: (real: Appender) => Appender;
  readonly log?: WrittenAlertLog;
}

function setup(yaml: string, { query, options = {}, appender = (real) => real, log }: Setup) {
  const { groups, problems } = parseRuleFile('f.yml', yaml);
  expect(formatFileProblems(problems)).toBe('');
  const storage = createMemoryStorage();
  const registry = new Registry();
  const metrics: AlertMetrics = createAlertMetrics(registry);
  const evaluated: string[] = [];
  const context: EvaluatorContext = {
    query,
    scrapedWithin: 60_000,
    appender: appender(storage.appender),
    history: new AlertHistory(log ?? storage.alertLog, () => T),
    externalLabels: Labels.from({ cluster: 'c' }),
    externalUrl: 'http://x',
    evaluated: (evaluator) => evaluated.push(evaluator.rule.alert),
    templateFailed: () => metrics.templateFailures.inc(),
  };
  const loop = new RuleGroupLoop(groups[0] as RuleGroup, {
    context,
    interval: 60_000,
    queryOffset: 0,
    now: Date.now,
    logger: pino({ level: 'silent' }),
    metrics,
    flush: async () => {},
    restore: async () => true,
    ...options,
  });
  loops.push(loop);
  const alertsOf = (index: number) => [...(loop.evaluators[index] as AlertingEvaluator).alerts.values()];
  const samples = async (metric: string): Promise<string[]> => {
    const signal = new AbortController().signal;
    const matchers = [new Matcher('__name__', '=', metric)];
    const set = await storage.querier.select({ matchers, start: 0, end: T * 2 }, signal);
    const found: string[] = [];
    for (const [index, samples] of (await readSamples(set)).entries()) {
      for (const { timestamp, value, stale } of samples) {
        found.push(`${(timestamp - T) / 1000} ${set.series[index]} ${stale ? 'stale' : value}`);
      }
    }
    return found.sort();
  };
  return { loop, storage, registry, evaluated, alertsOf, samples };
}

/** Answers one after the other; the last again and again. An Error is a failed query. */
function answers(...list: (readonly ReturnType<typeof row>[] | Error)[]): QueryFunc {
  return async (): Promise<QueryVector> => {
    const next = list.length > 1 ? list.shift()! : list[0]!;
    if (next instanceof Error) throw next;
    return { samples: next };
  };
}

const RECORD = 'groups: [{name: g, rules: [{record: "job:x", expr: x, labels: {a: b, gone: ""}}]}]';
const ALERT = `groups:
- name: g
  limit: 2
  labels: {team: t}
  rules:
  - alert: A
    expr: x > 1
    for: 1m
    labels: {severity: "{{ if gt $value 5.0 }}high{{ else }}low{{ end }}"}
    annotations: {summary: "{{ $labels.__name__ }} {{ $labels.instance }} {{ $externalLabels.cluster }}"}
`;

describe('a recording rule', () => {
  it('writes its result under its name and labels, and the end of series that vanish', async () => {
    const query = answers(
      [row({ __name__: 'x', i: '1', gone: 'y' }, 1), row({ __name__: 'x', i: '2' }, Number.NaN)],
      [row({ __name__: 'x', i: '1' }, 2)],
    );
    const { loop, samples } = setup(RECORD, { query });
    await loop.evaluate(T);
    await loop.evaluate(T + 60_000);
    expect(await samples('job:x')).toEqual([
      '0 job:x{a="b", i="1"} 1',
      '0 job:x{a="b", i="2"} NaN',
      '60 job:x{a="b", i="1"} 2',
      '60 job:x{a="b", i="2"} stale',
    ]);
    expect(loop.evaluators[0]).toMatchObject({ health: 'ok', lastError: '' });
  });

  it('evaluates and writes the query offset earlier', async () => {
    const times: number[] = [];
    const query: QueryFunc = async (_expr, time) => {
      times.push(time);
      return { samples: [row({}, 1)] };
    };
    const { loop, samples } = setup(RECORD.replace('name: g', 'name: g, query_offset: 10s'), { query });
    await loop.evaluate(T);
    expect(times).toEqual([T - 10_000]);
    expect(await samples('job:x')).toEqual(['-10 job:x{a="b"} 1']);
  });

  it('fails on results that its labels make equal, and writes nothing', async () => {
    const query = answers([row({ gone: '1' }, 1), row({ gone: '2' }, 2)]);
    const { loop, samples } = setup(RECORD, { query });
    await loop.evaluate(T);
    expect(loop.evaluators[0]).toMatchObject({
      health: 'err',
      lastError: 'the labels of results must differ, got job:x{a="b"} twice',
    });
    expect(await samples('job:x')).toEqual([]);
  });

  it('drops all results over the limit', async () => {
    const query = answers([row({ i: '1' }, 1), row({ i: '2' }, 2)]);
    const { loop, samples } = setup(RECORD.replace('name: g', 'name: g, limit: 1'), { query });
    await loop.evaluate(T);
    expect(loop.evaluators[0]!.lastError).toBe('results must be at most the limit 1, got 2');
    expect(await samples('job:x')).toEqual([]);
  });

  it('a failed query writes nothing, not even ends', async () => {
    const query = answers([row({}, 1)], new Error('no store'), [row({}, 3)]);
    const { loop, samples } = setup(RECORD, { query });
    for (const minute of [0, 1, 2]) await loop.evaluate(T + minute * 60_000);
    expect(await samples('job:x')).toEqual(['0 job:x{a="b"} 1', '120 job:x{a="b"} 3']);
  });

  it('a refused write is the rule’s error, and the next result ends what it must', async () => {
    let refuse = false;
    const { loop, samples } = setup(RECORD, {
      query: answers([row({ i: '1' }, 1)], [row({ i: '2' }, 1)]),
      appender: (real) => ({
        acquire: (labels) => real.acquire(labels),
        release: (refs) => real.release(refs),
        describe: () => {},
        append: (batch) => (refuse ? Promise.reject(new Error('the outbox is full')) : real.append(batch)),
      }),
    });
    await loop.evaluate(T);
    refuse = true;
    await loop.evaluate(T + 60_000);
    expect(loop.evaluators[0]).toMatchObject({ health: 'err', lastError: 'the outbox is full' });
    refuse = false;
    await loop.evaluate(T + 120_000);
    expect(await samples('job:x')).toEqual([
      '0 job:x{a="b", i="1"} 1',
      '120 job:x{a="b", i="1"} stale',
      '120 job:x{a="b", i="2"} 1',
    ]);
  });
});

describe('an alerting rule', () => {
  it('goes from pending to firing to ended, in ALERTS, ALERTS_FOR_STATE and the log', async () => {
    const one = [row({ __name__: 'x', instance: 'i' }, 2)];
    const { loop, storage, samples, alertsOf } = setup(ALERT, { query: answers(one, one, []) });
    await loop.evaluate(T);
    expect(alertsOf(0)[0]!.annotations.toObject()).toEqual({ summary: 'x i c' });
    await loop.evaluate(T + 60_000);
    await loop.evaluate(T + 120_000);
    const base = (state: string) => `alertname="A", alertstate="${state}", instance="i", severity="low", team="t"`;
    expect(await samples('ALERTS')).toEqual([
      `0 ALERTS{${base('pending')}} 1`,
      `120 ALERTS{${base('firing')}} stale`,
      `60 ALERTS{${base('firing')}} 1`,
      `60 ALERTS{${base('pending')}} stale`,
    ]);
    const rest = 'alertname="A", instance="i", severity="low", team="t"';
    expect(await samples('ALERTS_FOR_STATE')).toEqual([
      `0 ALERTS_FOR_STATE{${rest}} ${T / 1000}`,
      `120 ALERTS_FOR_STATE{${rest}} stale`,
      `60 ALERTS_FOR_STATE{${rest}} ${T / 1000}`,
    ]);
    const [newest] = await storage.alertLog.latest(0, new AbortController().signal);
    expect(newest).toMatchObject({ state: 'inactive', activeAt: T, firedAt: T + 60_000, resolvedAt: T + 120_000 });
  });

  it('changes nothing when the query fails or alerts cannot be told apart', async () => {
    const twice = [row({ __name__: 'x', instance: 'i' }, 2), row({ __name__: 'y', instance: 'i' }, 2)];
    const one = [row({ __name__: 'x', instance: 'i' }, 2)];
    const { loop, alertsOf } = setup(ALERT, { query: answers(one, new Error('no store'), twice) });
    await loop.evaluate(T);
    const [before] = alertsOf(0);
    await loop.evaluate(T + 60_000);
    expect(loop.evaluators[0]).toMatchObject({ health: 'err', lastError: 'no store' });
    await loop.evaluate(T + 120_000);
    expect(loop.evaluators[0]!.lastError).toMatch(/^the labels of alerts must differ, got \{alertname="A".* twice$/);
    expect(alertsOf(0)).toEqual([before]);
  });

  it('changes nothing that the log does not take', async () => {
    const log = { append: () => Promise.reject(new Error('the outbox is full')), latest: async () => [] };
    const { loop, alertsOf, evaluated } = setup(ALERT, { query: answers([row({}, 2)]), log });
    await loop.evaluate(T);
    expect(loop.evaluators[0]).toMatchObject({ health: 'err', lastError: 'the outbox is full' });
    expect(alertsOf(0)).toEqual([]);
    expect(evaluated).toEqual([]);
  });

  it('ends all of its alerts over the limit', async () => {
    const rows = (count: number) => Array.from({ length: count }, (_, i) => row({ instance: String(i) }, 2));
    const { loop, alertsOf } = setup(ALERT, { query: answers(rows(2), rows(3)) });
    await loop.evaluate(T);
    expect(alertsOf(0).map(({ state }) => state)).toEqual(['pending', 'pending']);
    await loop.evaluate(T + 60_000);
    expect(alertsOf(0).map(({ state }) => state)).toEqual(['inactive', 'inactive']);
    expect(loop.evaluators[0]!.lastError).toBe('alerts must be at most the limit 2, got 3; all of them are ended');
  });

  it('shows and counts a template that cannot be expanded', async () => {
    const yaml = ALERT.replace('{{ $labels.__name__ }}', '{{ first (query \\"none\\") }}');
    const query: QueryFunc = async (expr) => ({ samples: expr === 'none' ? [] : [row({}, 2)] });
    const { loop, alertsOf, registry } = setup(yaml, { query });
    await loop.evaluate(T);
    expect(alertsOf(0)[0]!.annotations.get('summary')).toBe(
      '<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "__alert_A" at <first (query "none")>: error calling first: first() called on vector with no elements>',
    );
    expect(await registry.metrics()).toContain('pharos_template_expansion_failures_total 1');
  });

  it('is told even when its series cannot be written', async () => {
    const { loop, evaluated } = setup(ALERT, {
      query: answers([row({}, 2)]),
      appender: (real) => ({
        ...real,
        acquire: () => 0,
        release: () => {},
        append: () => Promise.reject(new Error('full')),
      }),
    });
    await loop.evaluate(T);
    expect(evaluated).toEqual(['A']);
    expect(loop.evaluators[0]).toMatchObject({ health: 'err', lastError: 'full' });
  });

  it('asks a template’s query once for all alerts of an evaluation', async () => {
    const asked: string[] = [];
    const query: QueryFunc = async (expr) => {
      asked.push(expr);
      return { samples: [row({ instance: '1' }, 2), row({ instance: '2' }, 2)] };
    };
    const yaml = ALERT.replace('{{ $labels.__name__ }}', '{{ query \\"q\\" | len }}');
    const { loop, alertsOf } = setup(yaml, { query });
    await loop.evaluate(T);
    expect(alertsOf(0).map(({ annotations }) => annotations.get('summary'))).toEqual(['2 1 c', '2 2 c']);
    expect(asked).toEqual(['x > 1', 'q']);
  });
});

describe('a group', () => {
  it('makes visible what a later rule reads, and only then', async () => {
    const order: string[] = [];
    const yaml = `groups:
- name: g
  rules:
  - {record: a, expr: x}
  - {record: b, expr: y}
  - {record: c, expr: 'sum(rate(a[5m])) / count(b)'}
  - {record: d, expr: z}
  - {alert: E, expr: '{job="c"} > 1'}
  - {alert: F, expr: 'ALERTS{alertname="E"}'}
`;
    const query: QueryFunc = async (expr) => {
      order.push(expr);
      return { samples: [row({}, 1)] };
    };
    const flush = async () => void order.push('flush');
    const { loop } = setup(yaml, { query, options: { flush } });
    await loop.evaluate(T);
    expect(order).toEqual([
      ...['x', 'y', 'flush', 'sum(rate(a[5m])) / count(b)', 'z'],
      ...['flush', '{job="c"} > 1', 'flush', 'ALERTS{alertname="E"}'],
    ]);
  });

  it('tells rules of one name apart by their labels', () => {
    const rules = ['{alert: A, expr: x, labels: {s: "1"}}', '{alert: A, expr: y, labels: {s: "2"}}'];
    const ids = (order: readonly string[]) => {
      const { loop } = setup(`groups: [{name: g, rules: [${order.join(', ')}]}]`, { query: answers([]) });
      return new Map(loop.evaluators.map(({ rule, id }) => [rule.expr, id]));
    };
    expect(ids(rules)).toEqual(ids([...rules].reverse()));
    const same = ids(['{alert: A, expr: x}', '{alert: A, expr: y}']);
    expect(new Set(same.values()).size).toBe(2);
  });

  it('evaluates no alerting rule before the log could be read, and says so', async () => {
    const asked: string[] = [];
    const query: QueryFunc = async (expr) => {
      asked.push(expr);
      return { samples: [] };
    };
    const yaml = 'groups: [{name: g, rules: [{alert: A, expr: x}, {record: b, expr: y}]}]';
    const { loop } = setup(yaml, { query, options: { restore: async () => false } });
    await loop.evaluate(T);
    expect(asked).toEqual(['y']);
    expect(loop.evaluators[0]).toMatchObject({
      health: 'unknown',
      lastError: expect.stringContaining('the alert log'),
    });
  });

  it('evaluates at the same offset of every interval, never twice at once, and counts what it missed', async () => {
    let slow = true;
    let running = 0;
    const times: number[] = [];
    const query: QueryFunc = async (_expr, time) => {
      expect(++running).toBe(1);
      times.push(time);
      if (slow && times.length === 3) await new Promise((resolve) => setTimeout(resolve, 350));
      running--;
      return { samples: [] };
    };
    const { loop, registry } = setup(RECORD, { query, options: { interval: 100 } });
    loop.start(Promise.resolve());
    await vi.waitFor(() => expect(times.length).toBeGreaterThan(6), 10_000);
    slow = false;
    await loop.stop();
    // The first comes soon, wherever it falls.
    const phases = new Set(times.slice(1).map((time) => time % 100));
    expect(phases.size).toBe(1);
    expect(times[3]! - times[2]!).toBeGreaterThanOrEqual(300);
    const missed = /group_iterations_missed_total\{[^}]*\} (\d+)/.exec(await registry.metrics());
    expect(Number(missed?.[1])).toBeGreaterThanOrEqual(2);
  });

  it('goes on when the clock is set back', async () => {
    let shift = 0;
    const times: number[] = [];
    const query: QueryFunc = async (_expr, time) => {
      times.push(time);
      if (times.length === 3) shift = -3_600_000;
      return { samples: [] };
    };
    const { loop } = setup(RECORD, { query, options: { interval: 50, now: () => Date.now() + shift } });
    loop.start(Promise.resolve());
    await vi.waitFor(() => expect(times.length).toBeGreaterThan(5), 10_000);
    expect(times[4]! - times[2]!).toBeLessThan(-3_000_000);
  });
});

describe('after a time without evaluations', () => {
  const FIRES = 'groups: [{name: g, rules: [{alert: A, expr: x > 1}]}]';
  const MINUTE = 60_000;
  /** States after evaluations at these minutes; `seen` says in which of them the alert is among the results. */
  const states = async (minutes: readonly number[], seen: readonly boolean[], yaml = FIRES): Promise<string[]> => {
    const results = seen.map((is) => (is ? [row({ __name__: 'x' }, 2)] : []));
    const { loop, alertsOf } = setup(yaml, { query: answers(...results) });
    const found: string[] = [];
    for (const minute of minutes) {
      await loop.evaluate(T + minute * MINUTE);
      found.push(alertsOf(0)[0]?.state ?? 'none');
    }
    return found;
  };

  it.each([
    ['the machine slept, or its clock was set forward', 60],
    ['the clock was set back', -60],
  ])('nothing ends until targets can have been scraped again: %s', async (_, gap) => {
    const on = 'firing';
    expect(await states([0, gap, gap + 1, gap + 2], [true, false, true, true])).toEqual([on, on, on, on]);
    expect(await states([0, gap, gap + 1, gap + 2], [true, false, false, false])).toEqual([on, on, on, 'inactive']);
  });

  it('an end in the next evaluations after one that was missed is an end', async () => {
    expect(await states([0, 2], [true, false])).toEqual(['firing', 'inactive']);
  });

  it('the time that an alert has to hold is counted anew when the clock was set back', async () => {
    const held = 'groups: [{name: g, rules: [{alert: A, expr: x > 1, for: 2m}]}]';
    const minutes = [0, -60, -59, -58];
    const seen = minutes.map(() => true);
    expect(await states(minutes, seen, held)).toEqual(['pending', 'pending', 'pending', 'firing']);
  });
});
