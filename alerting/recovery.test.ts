import pino from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Labels } from '../storage/labels.ts';
import { createMemoryStorage } from '../storage/memory.ts';
import { AlertHistory } from './alert-history.ts';
import { createAlertMetrics } from './alert-metrics.ts';
import type { QueryVector } from './query-func.ts';
import type { AlertingEvaluator } from './rule-evaluator.ts';
import { RuleGroupLoop } from './rule-group-loop.ts';
import { measuredExpression } from './rules/measured-expression.ts';
import { parseRuleFile } from './rules/rule-file.ts';

const T = 1_700_000_000_000;
const MINUTE = 60_000;

describe('what an expression measures', () => {
  it.each([
    ['cpu > 0.9', 'cpu'],
    ['0.9 < cpu', 'cpu'],
    ['sum by (node) (rate(cpu[5m])) / on (node) cores >= 0.9', 'sum by (node) (rate(cpu[5m])) / on (node) cores'],
    ['(\n  used / size * 100 < 5\nand\n  readonly == 0\n)\n', 'used / size * 100'],
    ['(a > 1 unless b) and on () c == 1', 'a'],
    ['spec > status', 'spec'],
    ['up == 0', 'up'],
    ['absent(up)', undefined],
    ['vector(1)', undefined],
    ['up == bool 0', undefined],
    ['a > 1 or b > 1', undefined],
    ['1 > 0', undefined],
    ['sum(', undefined],
  ])('%j measures %j', (text, measured) => {
    expect(measuredExpression(text)).toBe(measured);
  });
});

const row = (labels: Record<string, string>, value: number) => ({ labels: Labels.from(labels), value });
type Rows = readonly ReturnType<typeof row>[];

function setup(
  expr: string,
  answer: (expr: string, minute: number) => Rows | Error,
  rule: Record<string, unknown> = {},
) {
  const file = {
    groups: [
      {
        name: 'g',
        rules: [
          { alert: 'A', expr, labels: { team: 't' }, annotations: { now: '{{ $labels.i }} {{ $value }}' }, ...rule },
        ],
      },
    ],
  };
  const { groups, problems } = parseRuleFile('f.yml', JSON.stringify(file));
  expect(problems).toEqual([]);
  const storage = createMemoryStorage();
  const asked: string[] = [];
  const loop = new RuleGroupLoop(groups[0]!, {
    context: {
      query: async (text, time): Promise<QueryVector> => {
        asked.push(text);
        const samples = answer(text, (time - T) / MINUTE);
        if (samples instanceof Error) throw samples;
        return { samples };
      },
      appender: storage.appender,
      history: new AlertHistory(storage.alertLog, () => T),
      externalLabels: Labels.EMPTY,
      externalUrl: '',
      evaluated: () => {},
      templateFailed: () => {},
    },
    interval: MINUTE,
    queryOffset: 0,
    now: () => T,
    logger: pino({ level: 'silent' }),
    metrics: createAlertMetrics(new Registry()),
    flush: async () => {},
    restore: async () => true,
  });
  const run = async (minutes: number) => {
    for (let minute = 0; minute <= minutes; minute++) await loop.evaluate(T + minute * MINUTE);
    const alerts = [...(loop.evaluators[0] as AlertingEvaluator).alerts.values()];
    return alerts.map(({ labels, state, value, valueIsCurrent, annotations }) => {
      return `${labels.get('i')} ${state} ${value} ${valueIsCurrent ? 'current' : 'last'}: ${annotations.get('now')}`;
    });
  };
  return { run, asked, storage };
}

describe('at its end', () => {
  it('an alert has the value of that time, and its annotations say it', async () => {
    const { run, asked, storage } = setup('cpu > 90', (text, minute) => {
      if (text === 'cpu') return [row({ __name__: 'cpu', i: 'a' }, 12), row({ __name__: 'cpu', i: 'b' }, 95)];
      return minute === 0 ? [row({ __name__: 'cpu', i: 'a' }, 99), row({ i: 'b' }, 98)] : [row({ i: 'b' }, 95)];
    });
    expect(await run(3)).toEqual(['b firing 95 current: b 95', 'a inactive 12 current: a 12']);
    // Only when one ended.
    expect(asked).toEqual(['cpu > 90', 'cpu > 90', 'cpu', 'cpu > 90', 'cpu > 90']);
    const log = await storage.alertLog.latest(0, new AbortController().signal);
    expect(log.find(({ state }) => state === 'inactive')).toMatchObject({ value: 12 });
  });

  it('after keep_firing_for too', async () => {
    const { run } = setup(
      'cpu > 90',
      (text, minute) => (text === 'cpu' ? [row({ i: 'a' }, 80 - minute)] : minute === 0 ? [row({ i: 'a' }, 99)] : []),
      { keep_firing_for: '2m' },
    );
    expect(await run(2)).toEqual(['a firing 99 last: a 99']);
    expect(await run(3)).toEqual(['a inactive 77 current: a 77']);
  });

  it('an alert whose expression cannot tell keeps its last value, and says so', async () => {
    const once = (_: string, minute: number): Rows => (minute === 0 ? [row({ i: 'a' }, 1)] : []);
    const { run, asked } = setup('absent(cpu)', once);
    expect(await run(1)).toEqual(['a inactive 1 last: a 1']);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['what was measured is no longer there', [] as Rows],
    ['the query fails', new Error('no store')],
    ['labels that the rule sets tell several apart', [row({ i: 'a', team: 'x' }, 1), row({ i: 'a', team: 'y' }, 2)]],
  ])('so it does when %s', async (_, measured) => {
    const { run } = setup('cpu > 90', (text, minute) => {
      if (text === 'cpu') return measured;
      return minute === 0 ? [row({ i: 'a', team: 'x' }, 99)] : [];
    });
    expect(await run(1)).toEqual(['a inactive 99 last: a 99']);
  });

  it('a pending alert is not asked for', async () => {
    const { run, asked } = setup('cpu > 90', (_, minute) => (minute === 0 ? [row({ i: 'a' }, 99)] : []), { for: '5m' });
    await run(2);
    expect(asked).toEqual(['cpu > 90', 'cpu > 90', 'cpu > 90']);
  });
});
