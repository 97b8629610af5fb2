import { describe, expect, it } from 'vitest';
import { AnswersBed, errorOf, MadeUpMetric, podRow } from './answers-bed.case.ts';

describe('answers', () => {
  it('evaluates at the first question, then once per interval, and answers from memory', async () => {
    const bed = new AnswersBed();
    bed.pods('a', 'b');
    const metric = new MadeUpMetric('m');
    metric.rows = [podRow('a', 1, bed.clock.now()), podRow('b', 2.5, bed.clock.now() - 5_000)];
    bed.answers.setMetrics('test', [metric]);
    bed.answers.start();
    await bed.clock.advance(60_000);
    expect(metric.requests).toEqual([]);
    metric.rows = [podRow('a', 1, bed.clock.now()), podRow('b', 2.5, bed.clock.now() - 5_000)];
    const expected = [
      { namespace: 'web', name: 'a', value: 1, timestamp: bed.clock.now(), window: 60_000 },
      { namespace: 'web', name: 'b', value: 2.5, timestamp: bed.clock.now() - 5_000, window: 60_000 },
    ];
    const [one, two] = await Promise.all([bed.ask({ metric: 'm' }), bed.ask({ metric: 'm' })]);
    expect(one).toEqual(expected);
    expect(two).toEqual(expected);
    expect(metric.requests).toHaveLength(1);
    await bed.clock.advance(30_000);
    expect(metric.requests).toHaveLength(3);
    bed.answers.stop();
  });

  it('says how old the newest value is when all are too old', async () => {
    const bed = new AnswersBed();
    bed.pods('a', 'b', 'c');
    const metric = new MadeUpMetric('k8s_pod_cpu_core_used');
    const now = bed.clock.now();
    metric.rows = [podRow('a', 1, now - 250_000), podRow('b', 2, now - 300_000), podRow('c', 3, now - 400_000)];
    bed.answers.setMetrics('test', [metric]);
    const selector = [{ key: 'app', operator: 'In', values: ['x'] }] as const;
    expect(await errorOf(bed.ask({ metric: 'k8s_pod_cpu_core_used', selector }))).toBe(
      'noValue: the newest value of k8s_pod_cpu_core_used of the 3 pods that match app=x in namespace web is 4m10s old, and may be 1m30s old at most',
    );
  });
});
