import { describe, expect, it } from 'vitest';
import { METRIC, MINUTE, POD, PolicyBed, policy, START, series, started } from './policy-bed.case.ts';

describe('consecutive periods', () => {
  it('fires after exactly N, not after N - 1, and tells the present value when it ends', async () => {
    const bed = await started({ conditions: [{ periods: 3 }] });
    await bed.minutes([95, 95, 50, 95, 95]);
    expect(await bed.transitions()).toEqual([]);
    expect(bed.rounds).toEqual([]);
    expect(bed.object).toMatchObject({ state: 'pending', breachedPeriods: 2, value: 95 });
    await bed.minutes([96]);
    expect(await bed.transitions()).toEqual([[6, 'firing warn']]);
    await bed.minutes([95, 20]);
    expect(await bed.transitions()).toEqual([
      [6, 'firing warn'],
      [8, 'inactive warn'],
    ]);
    const [alert] = bed.told;
    expect(alert).toMatchObject({
      rule: '["policy","p"]',
      status: 'resolved',
      startsAt: START + 6 * MINUTE,
      endsAt: START + 8 * MINUTE,
      validUntil: START + 12 * MINUTE,
      subject: { value: 20, threshold: 90, unit: '%', metric: METRIC, policyId: 'p', objectLevel: 'pod' },
    });
    expect(alert!.annotations.get('summary')).toBe(
      'Pod shop/cart-1 (cluster c): "CPU in use, of its limit" is 20 % again',
    );
    expect(alert!.labels.toObject()).toEqual({
      ...POD,
      policy: 'p',
      alertname: 'PodCpu',
      severity: 'warn',
      region: 'eu',
    });
  });

  it('shows alerts under the labels of their series, from the first period that is breached', async () => {
    const bed = await started({ conditions: [{ periods: 2 }] });
    await bed.minutes([95]);
    const labels = { ...POD, policy: 'p', alertname: 'PodCpu', severity: 'warn' };
    const activeAt = new Date(START + MINUTE).toISOString();
    const shown = { labels, annotations: {}, activeAt, metric: METRIC, threshold: '9e+01' };
    expect(bed.engine.alerts()).toEqual([{ ...shown, state: 'pending', value: '9.5e+01' }]);
    await bed.minutes([96]);
    expect(bed.engine.alerts()).toMatchObject([{ labels, state: 'firing', activeAt, value: '9.6e+01' }]);
    expect(bed.engine.alerts()[0]!.annotations.summary).toContain('is 96 %');
    await bed.minutes([20]);
    expect(bed.engine.alerts()).toEqual([]);
  });

  it('takes the statistic over the whole period', async () => {
    const bed = await started({ conditions: [{ period: 5 * MINUTE, statistic: 'max' }] });
    await bed.minutes([1, 95, 1, 1, 1]);
    expect(bed.object).toMatchObject({ state: 'firing', value: 95, since: START + 5 * MINUTE });
    await bed.minutes([1, 1, 1, 1]);
    expect(bed.object).toMatchObject({ state: 'firing' });
    await bed.minutes([1]);
    expect(bed.object).toBeUndefined();
  });

  it('counts a sample to the period that ends with it', async () => {
    const bed = await started({ conditions: [{ statistic: 'last' }] });
    await bed.put(series(), [[START + MINUTE, 95]]);
    await bed.clock.advance(MINUTE);
    expect(bed.object).toMatchObject({ state: 'firing' });
    await bed.put(series(), [[START + MINUTE + 1, 10]]);
    await bed.clock.advance(MINUTE);
    expect(bed.object).toBeUndefined();
  });

  it('neither counts a period without a value nor begins anew after it', async () => {
    const bed = await started({ conditions: [{ periods: 3 }] });
    await bed.minutes([95, undefined, 95, undefined]);
    expect(bed.object).toMatchObject({ firing: false, breachedPeriods: 2 });
    await bed.minutes([95]);
    expect(await bed.transitions()).toEqual([[5, 'firing warn']]);
    await bed.minutes([10, 95, 95]);
    // What was breached long before without anything since does not count: here, six periods.
    await bed.minutes([undefined, undefined, undefined, undefined, undefined, 95]);
    expect(bed.object).toMatchObject({ firing: false, breachedPeriods: 1 });
  });

  it('begins with the samples that are there', async () => {
    const bed = new PolicyBed([policy({ conditions: [{ periods: 3 }] })]);
    await bed.minutes([95, 95, 95]);
    bed.engine.start();
    await bed.clock.advance(0);
    expect(await bed.transitions()).toEqual([[3, 'firing warn']]);
  });
});

describe('lateness', () => {
  it('evaluates each period that it could not in time, from the store', async () => {
    let isBroken = false;
    const bed = await started(
      { conditions: [{ periods: 3 }] },
      {
        read: (reader) => (requests, take, signal) => {
          if (!isBroken) return reader(requests, take, signal);
          for (const i of requests.keys()) take(i, new Error('the store is away'));
          return Promise.resolve();
        },
      },
    );
    await bed.minutes([95]);
    isBroken = true;
    await bed.minutes([95, 95, 95, 10]);
    expect(await bed.transitions()).toEqual([]);
    expect(bed.engine.snapshots()[0]).toMatchObject({
      health: 'err',
      error: 'the store is away',
      lastEvaluation: START + MINUTE,
    });
    isBroken = false;
    await bed.minutes([20]);
    expect(await bed.transitions()).toEqual([
      [3, 'firing warn'],
      [5, 'inactive warn'],
    ]);
    expect(bed.engine.snapshots()[0]).toMatchObject({ health: 'ok', error: '', lastEvaluation: START + 6 * MINUTE });
    expect(await bed.metric('pharos_policy_periods_caught_up_total')).toBe(4);
  });

  it('tells what fires while it cannot evaluate, so that nobody takes it for ended', async () => {
    let isBroken = false;
    const bed = await started(
      {},
      {
        read: (reader) => (requests, take, signal) => {
          if (!isBroken) return reader(requests, take, signal);
          for (const i of requests.keys()) take(i, new Error('the store is away'));
          return Promise.resolve();
        },
      },
    );
    await bed.minutes([95]);
    isBroken = true;
    await bed.minutes([95, 95, 95, 95, 95, 95]);
    expect(bed.told).toMatchObject([{ status: 'firing', validUntil: bed.clock.now() + 4 * MINUTE }]);
  });

  it('leaves out what is too long ago, and counts it', async () => {
    const bed = await started({ conditions: [{ periods: 3 }] });
    await bed.minutes([95]);
    bed.clock.jump(100 * MINUTE);
    await bed.clock.advance(MINUTE);
    expect(await bed.metric('pharos_policy_periods_missed_total')).toBe(41);
    expect(await bed.metric('pharos_policy_periods_caught_up_total')).toBe(59);
  });

  it('waits for what has not arrived', async () => {
    const bed = await started(
      {},
      {
        arrival: (_, clock) => new Promise((resolve) => clock.schedule(5_000, () => resolve('late'))),
      },
    );
    await bed.clock.advance(MINUTE + 1_000);
    await bed.put(series(), [[START + 50_000, 95]]);
    expect(bed.object).toBeUndefined();
    await bed.clock.advance(4_000);
    expect(bed.object).toMatchObject({ state: 'firing', since: START + MINUTE });
    expect(await bed.metric('pharos_policy_rounds_late_total')).toBeGreaterThan(0);
  });

  it('changes nothing that the alert log does not take', async () => {
    const bed = await started();
    const { alertLog } = bed.storage;
    const append = alertLog.append.bind(alertLog);
    alertLog.append = () => Promise.reject(new Error('full'));
    await bed.minutes([95, 95]);
    expect(bed.object).toBeUndefined();
    expect(bed.rounds).toEqual([]);
    expect(bed.engine.snapshots()[0]).toMatchObject({ health: 'err', error: 'full' });
    alertLog.append = append;
    await bed.minutes([95]);
    expect(await bed.transitions()).toEqual([[1, 'firing warn']]);
  });

  it('goes on when the clock is set back', async () => {
    const bed = await started();
    await bed.minutes([10]);
    bed.clock.jump(-30 * MINUTE);
    await bed.minutes([95]);
    expect(bed.object).toMatchObject({ firing: true });
    await bed.minutes([10]);
    expect(bed.object).toBeUndefined();
  });
});

describe('severities', () => {
  it('rise and fall without the end of the alert', async () => {
    const bed = await started({ conditions: [{ thresholds: { remind: 70, warn: 80, serious: 90 } }] });
    await bed.minutes([85, 95, 85, 75, 20]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing warn'],
      [2, 'firing serious'],
      [3, 'firing warn'],
      [4, 'firing remind'],
      [5, 'inactive remind'],
    ]);
    const told = bed.rounds.map(([alert]) => alert!);
    expect(new Set(told.map(({ key }) => key)).size).toBe(1);
    expect(new Set(told.map(({ startsAt }) => startsAt))).toEqual(new Set([START + MINUTE]));
    expect(told.map(({ labels }) => labels.get('severity'))).toEqual(['warn', 'serious', 'warn', 'remind', 'remind']);
    expect(told.map(({ subject }) => [subject!.value, subject!.threshold])).toEqual([
      [85, 80],
      [95, 90],
      [85, 80],
      [75, 70],
      [20, 70],
    ]);
  });

  it('need as many periods each', async () => {
    const bed = await started({ conditions: [{ thresholds: { warn: 80, serious: 90 }, periods: 2 }] });
    await bed.minutes([85, 95, 95, 85]);
    expect(await bed.transitions()).toEqual([
      [2, 'firing warn'],
      [3, 'firing serious'],
      [4, 'firing warn'],
    ]);
  });

  it('hold until the value is on the good side of their recovery', async () => {
    const bed = await started({
      conditions: [{ thresholds: { warn: 80, serious: 90 }, recovery: { warn: 60, serious: 85 } }],
    });
    await bed.minutes([95, 86, 85, 61, 60, 70]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing serious'],
      [3, 'firing warn'],
      [5, 'inactive warn'],
    ]);
  });
});

describe('M of the last periods', () => {
  it('fires while so many of them are breached', async () => {
    const bed = await started({ conditions: [{ periods: 3, outOf: 5 }] });
    await bed.minutes([95, 10, 95, 10]);
    expect(bed.object).toMatchObject({ state: 'pending', breachedPeriods: 2 });
    await bed.minutes([95]);
    expect(await bed.transitions()).toEqual([[5, 'firing warn']]);
    // 10 95 10 95 10: two are left.
    await bed.minutes([10]);
    expect(await bed.transitions()).toEqual([
      [5, 'firing warn'],
      [6, 'inactive warn'],
    ]);
  });
});

describe('union', () => {
  const OTHER = 'k8s_pod_rate_mem_usage_limit';
  const both = [{ thresholds: { warn: 90, serious: 95 } }, { metric: OTHER, thresholds: { warn: 50 }, periods: 2 }];
  const minute = (bed: PolicyBed, cpu: number, memory: number): Promise<void> =>
    bed.minute([
      [series(), cpu],
      [series({ __name__: OTHER }), memory],
    ]);

  it('any: the worst condition counts', async () => {
    const bed = await started({ union: 'any', conditions: both });
    await minute(bed, 10, 60);
    await minute(bed, 10, 60);
    expect(bed.object).toMatchObject({ firing: true, severity: 'warn', condition: 1, value: 60, threshold: 50 });
    await minute(bed, 97, 60);
    expect(bed.object).toMatchObject({ severity: 'serious', condition: 0, value: 97, threshold: 95 });
    await minute(bed, 10, 10);
    expect((await bed.transitions()).map(([, what]) => what)).toEqual([
      'firing warn',
      'firing serious',
      'inactive serious',
    ]);
  });

  it('all: together, of one object', async () => {
    const bed = await started({ union: 'all', conditions: both });
    await minute(bed, 97, 60);
    await minute(bed, 10, 60);
    expect(bed.object).toMatchObject({ firing: false });
    await minute(bed, 97, 60);
    expect(bed.object).toMatchObject({ firing: true, severity: 'warn' });
    // Another pod that breaches only one of them is no alert.
    await bed.minute([
      [series(), 10],
      [series({ __name__: OTHER, pod: 'cart-2' }), 60],
    ]);
    await bed.minute([[series({ __name__: OTHER, pod: 'cart-2' }), 60]]);
    expect(bed.engine.snapshots()[0]).toMatchObject({ firing: 0, objects: 2 });
  });

  it('has conditions with periods of their own', async () => {
    const bed = await started({
      union: 'all',
      conditions: [{ thresholds: { warn: 90 } }, { metric: OTHER, period: 5 * MINUTE, thresholds: { warn: 50 } }],
    });
    for (let i = 0; i < 4; i++) await minute(bed, 95, 60);
    expect(bed.object).toMatchObject({ firing: false });
    await minute(bed, 95, 60);
    await minute(bed, 10, 60);
    await minute(bed, 95, 60);
    expect(await bed.transitions()).toEqual([
      [1, 'pending warn'],
      [5, 'firing warn'],
      [6, 'inactive warn'],
      [7, 'firing warn'],
    ]);
  });
});

describe('objects', () => {
  const pods = (bed: PolicyBed, values: Readonly<Record<string, number>>): Promise<void> =>
    bed.minute(Object.entries(values).map(([pod, value]) => [series({ pod }), value] as const));
  const firing = (bed: PolicyBed): string[] =>
    bed.told
      .filter(({ status }) => status === 'firing')
      .map(({ labels }) => `${labels.get('pod')} ${labels.get('severity')}`)
      .sort();

  it('are selected by labels, with * for anything', async () => {
    const bed = await started({ objects: { include: { pod: ['cart-*', 'db'] }, exclude: { pod: ['*-canary'] } } });
    await pods(bed, { 'cart-1': 95, 'cart-2-canary': 95, db: 95, 'db-1': 95 });
    expect(firing(bed)).toEqual(['cart-1 warn', 'db warn']);
    expect(bed.engine.snapshots()[0]).toMatchObject({ objects: 2, firing: 2 });
  });

  it('have overrides, of which the first counts', async () => {
    const bed = await started({
      overrides: [
        { objects: { include: { pod: ['a'] }, exclude: {} }, disabled: true, conditions: {} },
        {
          objects: { include: { pod: ['b'] }, exclude: {} },
          disabled: false,
          conditions: { 0: { thresholds: { serious: 50 }, recovery: undefined } },
        },
        {
          objects: { include: { pod: ['a', 'b', 'c'] }, exclude: {} },
          disabled: false,
          conditions: { 0: { thresholds: { warn: 99 }, recovery: undefined } },
        },
      ],
    });
    await pods(bed, { a: 100, b: 60, c: 95, d: 95 });
    expect(firing(bed)).toEqual(['b serious', 'd warn']);
  });

  it('are one whatever the number of their series', async () => {
    const bed = await started({ level: 'container', conditions: [{ metric: 'm' }] });
    const container = (id: string) => ({ ...series(), __name__: 'm', container: 'app', container_id: id });
    await bed.minute([[container('1'), 95]]);
    await bed.minute([
      [container('1'), Number.NaN],
      [container('2'), 97],
    ]);
    expect(await bed.transitions()).toEqual([[1, 'firing warn']]);
    expect(bed.told).toMatchObject([{ subject: { value: 97, object: { container: 'app', pod: 'cart-1' } } }]);
    expect(bed.told[0]!.labels.has('container_id')).toBe(false);
  });

  it('end with the policy, and when it is not about them any more', async () => {
    const bed = await started();
    await pods(bed, { a: 95, b: 95 });
    bed.apply([policy({ objects: { include: {}, exclude: { pod: ['a'] } } })]);
    await bed.clock.advance(0);
    expect(firing(bed)).toEqual(['b warn']);
    expect(bed.told.find(({ labels }) => labels.get('pod') === 'a')!.annotations.get('summary')).toContain(
      'is not watched any more',
    );
    bed.apply([]);
    await bed.clock.advance(0);
    expect(bed.told.map(({ status, labels }) => [labels.get('pod'), status])).toContainEqual(['b', 'resolved']);
    expect((await bed.transitions()).map(([, what]) => what)).toEqual([
      'firing warn',
      'firing warn',
      'inactive warn',
      'inactive warn',
    ]);
  });

  it('go on when a policy changes, and are judged anew at once', async () => {
    const bed = await started({ conditions: [{ periods: 2 }] });
    await pods(bed, { a: 95 });
    await pods(bed, { a: 95 });
    bed.apply([policy({ conditions: [{ periods: 2, thresholds: { warn: 80, serious: 94 } }] })]);
    await bed.clock.advance(0);
    expect(bed.told).toMatchObject([{ status: 'firing', startsAt: START + 2 * MINUTE }]);
    expect(firing(bed)).toEqual(['a serious']);
    bed.apply([policy({ conditions: [{ periods: 2, thresholds: { warn: 99 } }] })]);
    await bed.clock.advance(0);
    expect(bed.told).toMatchObject([{ status: 'resolved' }]);
  });
});

describe('changes', () => {
  it('are in percent, against the period before', async () => {
    const bed = await started({ conditions: [{ operator: 'increase', thresholds: { warn: 50 } }] });
    await bed.minutes([100, 149]);
    expect(bed.object).toBeUndefined();
    await bed.minutes([100, 150]);
    expect(bed.told).toMatchObject([{ status: 'firing', subject: { value: 50, unit: '%', operator: 'increase' } }]);
    expect(bed.told[0]!.annotations.get('summary')).toContain('is 50 %, up by 50 % or more against the period before');
    await bed.minutes([150]);
    expect(bed.object).toBeUndefined();
  });

  it('are against the same period of the day or the week before, and never infinite', async () => {
    for (const [comparison, back] of [
      ['day', 1440],
      ['week', 7 * 1440],
    ] as const) {
      const bed = await started({ conditions: [{ operator: 'decrease', comparison, thresholds: { warn: 20 } }] });
      const past = (minute: number) => START + (minute - back) * MINUTE;
      await bed.put(series(), [
        [past(1), 100],
        [past(2), 100],
        [past(3), 0],
      ]);
      await bed.minutes([81, 80, 1, 1]);
      expect(await bed.transitions()).toEqual([[2, 'firing warn']]);
      await bed.stop();
    }
  });

  it('read the past once for many periods', async () => {
    const bed = await started({ conditions: [{ operator: 'increase', comparison: 'day', thresholds: { warn: 20 } }] });
    await bed.minutes([1, 1]);
    bed.requests.length = 0;
    await bed.minutes([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(bed.requests).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('what is written and told', () => {
  it('is a series of ALERTS by state and severity, which ends', async () => {
    const bed = await started({
      conditions: [{ thresholds: { warn: 80, serious: 90 }, periods: 2 }],
      labels: { team: 'shop' },
    });
    await bed.minutes([95, 95, 85, 85, 10]);
    const labels = { ...POD, policy: 'p', alertname: 'PodCpu', team: 'shop' };
    expect(await bed.samples('ALERTS')).toEqual([
      [{ ...labels, alertstate: 'pending', severity: 'serious' }, [1, 'stale']],
      [{ ...labels, alertstate: 'firing', severity: 'serious' }, [2, 'stale']],
      [{ ...labels, alertstate: 'firing', severity: 'warn' }, [3, 4, 'stale']],
    ]);
    expect(await bed.samples('pharos_policy_evaluated_timestamp_seconds')).toEqual([
      [{ policy: 'p' }, [0, 1, 2, 3, 4, 5]],
    ]);
  });

  it('has the templates of the policy, and keeps an alert whose template fails', async () => {
    const bed = await started({
      labels: { team: '{{ $labels.namespace }}' },
      annotations: {
        summary: '{{ $labels.pod }} at {{ $value }}',
        broken: '{{ fail }}'.replace('fail', 'template "x"'),
      },
      notice: { receivers: ['ops'], groupBy: ['...'], repeat: { kind: 'once' } },
    }).catch((error: Error) => error);
    expect(bed).toBeInstanceOf(PolicyBed);
    if (!(bed instanceof PolicyBed)) return;
    await bed.minutes([95]);
    const [alert] = bed.told;
    expect(alert!.annotations.get('summary')).toBe('cart-1 at 95');
    expect(alert!.annotations.get('broken')).toContain('error expanding template');
    expect(alert!.labels.get('team')).toBe('shop');
    expect(alert!.notice).toEqual({
      key: 'p',
      receivers: ['ops'],
      groupBy: ['...'],
      groupWait: undefined,
      groupInterval: undefined,
      repeat: { kind: 'once' },
    });
  });

  it('is read once per metric, however many policies there are', async () => {
    const bed = new PolicyBed(
      Array.from({ length: 50 }, (_, i) =>
        policy({ id: `p${i}`, conditions: [{ thresholds: { warn: i }, period: (1 + (i % 2)) * MINUTE }] }),
      ),
    );
    bed.engine.start();
    await bed.minutes([20, 20, 20, 20]);
    bed.requests.length = 0;
    await bed.minutes([20, 20]);
    expect(bed.requests).toEqual([1, 1]);
    expect(bed.engine.snapshots().filter(({ firing }) => firing === 1)).toHaveLength(20);
  });
});
