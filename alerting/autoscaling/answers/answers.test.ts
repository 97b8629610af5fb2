import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LabelSelector } from '../label-selector.ts';
import { AnswersBed, errorOf, MadeUpMetric, type MadeUpRow, podRow } from './answers-bed.case.ts';

const APP_X: LabelSelector = [{ key: 'app', operator: 'In', values: ['x'] }];

function bedWith(metric: MadeUpMetric, ...pods: string[]): AnswersBed {
  const bed = new AnswersBed();
  bed.pods(...pods);
  bed.answers.setMetrics('test', [metric]);
  bed.answers.start();
  return bed;
}

const never = new Promise<void>(() => undefined);
const text = (values: readonly { readonly name: string; readonly value: number }[]): string =>
  values.map(({ name, value }) => `${name}=${value}`).join(' ');

describe('when metrics are evaluated', () => {
  it('at the first question, shared by all who ask meanwhile, then once per interval', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a', 'b');
    await bed.clock.advance(60_000);
    expect(metric.requests).toEqual([]);
    const now = bed.clock.now();
    metric.rows = [podRow('a', 1, now), podRow('b', 2.5, now - 5_000)];
    const expected = [
      { namespace: 'web', name: 'a', value: 1, timestamp: now, window: 60_000 },
      { namespace: 'web', name: 'b', value: 2.5, timestamp: now - 5_000, window: 60_000 },
    ];
    expect(await Promise.all([bed.ask({ metric: 'm' }), bed.ask({ metric: 'm' })])).toEqual([expected, expected]);
    expect(metric.requests).toEqual([{ at: now, selector: [] }]);
    await bed.clock.advance(45_000);
    for (let i = 0; i < 100; i++) await bed.ask({ metric: 'm' });
    expect(metric.requests).toHaveLength(4);
    bed.answers.stop();
    await bed.clock.advance(60_000);
    expect(metric.requests).toHaveLength(4);
    expect(bed.clock.pending).toBe(0);
  });

  it('not any more when nobody has asked for ten minutes, and at once when somebody asks again', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a');
    metric.rows = [podRow('a', 1, bed.clock.now())];
    await bed.ask({ metric: 'm' });
    await bed.clock.advance(1_200_000);
    expect(metric.requests).toHaveLength(1 + 600 / 15);
    metric.rows = [podRow('a', 7, bed.clock.now())];
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=7');
  });

  it('as long as somebody wants them, and what they read is told', async () => {
    const read: unknown[] = [];
    const bed = new AnswersBed({ onReads: (reads) => read.push(reads) });
    const metric = new MadeUpMetric('m', { reads: [{ metric: 'up', back: 60_000 }] });
    bed.answers.start();
    bed.answers.want('hpas', [{ api: 'custom', name: 'm', resource: 'pods', namespace: 'web' }]);
    await bed.clock.advance(15_000);
    bed.answers.setMetrics('test', [metric, new MadeUpMetric('other')]);
    expect(metric.requests).toHaveLength(1);
    await bed.clock.advance(3_600_000);
    expect(metric.requests).toHaveLength(1 + 3600 / 15);
    bed.answers.want('hpas', []);
    await bed.clock.advance(1_200_000);
    expect(metric.requests.length).toBeLessThan(250 + 600 / 15);
    expect(read).toEqual([[{ metric: 'up', back: 60_000 }], []]);
  });

  it('for a bounded time, a bounded number at once, and a first question waits no longer than that', async () => {
    const metrics = Array.from({ length: 6 }, (_, i) => new MadeUpMetric(`m${i}`));
    const bed = new AnswersBed({ timeout: 8_000, patience: 3_000 });
    bed.pods('a');
    bed.answers.setMetrics('test', metrics);
    for (const metric of metrics) {
      metric.gate = never;
      metric.rows = [podRow('a', 1, bed.clock.now())];
    }
    const questions = metrics.map(({ name }) => errorOf(bed.ask({ metric: name })));
    await bed.clock.advance(3_000);
    expect(await questions[5]).toBe('unavailable: the first evaluation of metric m5 has not ended within 3 s');
    expect(metrics.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1, 0, 0]);
    await bed.clock.advance(5_000);
    expect(metrics.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await errorOf(bed.ask({ metric: 'm0' }))).toBe(
      'unavailable: metric m0 cannot be evaluated: an evaluation must end within 8 s',
    );
  });

  it('once more for each selector that is part of the evaluation, within limits', async () => {
    const metric = new MadeUpMetric('m', { selectsInside: true });
    const bed = bedWith(metric, 'a');
    metric.rows = [podRow('a', 1, bed.clock.now())];
    const by = (value: string): LabelSelector => [{ key: 'queue', operator: 'In', values: [value] }];
    for (let i = 0; i < 100; i++) await bed.ask({ metric: 'm', metricSelector: by(`q${i}`) });
    await bed.ask({ metric: 'm', metricSelector: by('q7') });
    await bed.ask({ metric: 'm' });
    expect(metric.requests).toHaveLength(101);
    expect(metric.requests[7]!.selector).toEqual(by('q7'));
    expect(await errorOf(bed.ask({ metric: 'm', metricSelector: by('more') }))).toBe(
      'tooMuch: metric m is asked for with 100 selectors already, each of which is an evaluation of its own',
    );
    await bed.clock.advance(660_000);
    metric.rows = [podRow('a', 2, bed.clock.now())];
    expect(text(await bed.ask({ metric: 'm', metricSelector: by('more') }))).toBe('a=2');
  });
});

it('says once that autoscalers name more selectors than are evaluated', async () => {
  const metric = new MadeUpMetric('m', { selectsInside: true });
  const bed = bedWith(metric, 'a');
  const wanted = Array.from({ length: 103 }, (_, i) => ({
    api: 'custom' as const,
    name: 'm',
    resource: 'pods',
    namespace: 'web',
    selector: [{ key: 'queue', operator: 'In', values: [`q${i}`] }] as const,
  }));
  for (let i = 0; i < 5; i++) bed.answers.want('hpas', wanted);
  await bed.clock.advance(1);
  expect(metric.requests).toHaveLength(100);
  expect(bed.log.map(({ msg }) => msg)).toEqual([
    'not all that autoscalers name is evaluated: metric m is asked for with 100 selectors already, each of which is an evaluation of its own',
  ]);
});

describe('what is served', () => {
  it('leaves out pods without a value when others have one, and is empty when none matches', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
    const now = bed.clock.now();
    metric.rows = [
      podRow('a', 1, now),
      podRow('b', Number.NaN, now),
      podRow('c', 3, Number.NaN),
      podRow('d', 4, now, { doubt: 'a scrape failed' }),
      podRow('e', 2 ** 63 / 1000, now),
      podRow('f', 6, now - 90_001),
      podRow('stranger', 8, now),
    ];
    expect(text(await bed.ask({ metric: 'm', selector: APP_X }))).toBe('a=1');
    expect(await bed.ask({ metric: 'm', selector: [{ key: 'app', operator: 'In', values: ['y'] }] })).toEqual([]);
    const page = await bed.registry.metrics();
    expect(page).toContain('pharos_autoscaling_omitted_total{reason="missing"} 2');
    expect(page).toContain('pharos_autoscaling_omitted_total{reason="notANumber"} 2');
    expect(page).toContain('pharos_autoscaling_answers_total{api="custom",outcome="empty"} 1');
  });

  it.each([
    ['a', 'pod web/a has the value NaN of m'],
    ['b', 'pod web/b has no sample of m'],
    ['c', 'pod web/c has a value of m that is in doubt: a scrape failed'],
    ['d', 'pod web/d has the value 1e+300 of m, which is too large to be counted in thousandths'],
    ['e', 'pod web/e has a value of m that is 2m old, and may be 1m30s old at most'],
    ['f', 'pod web/f has only a value of m from 30s before it was created, thus of another one of its name'],
  ])('says why a single object has none: %s', async (name, message) => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a', 'b', 'c', 'd', 'e');
    const now = bed.clock.now();
    bed.directory.add('pods', { name: 'f', created: now });
    metric.rows = [
      podRow('a', Number.NaN, now),
      podRow('c', 3, now, { doubt: 'a scrape failed' }),
      podRow('d', 1e300, now),
      podRow('e', 5, now - 120_000),
      podRow('f', 6, now - 30_000),
    ];
    expect(await errorOf(bed.ask({ metric: 'm', name }))).toBe(`noValue: ${message}`);
  });

  it('says how old the newest value is when all are too old, judged when it is asked for', async () => {
    const metric = new MadeUpMetric('k8s_pod_cpu_core_used');
    const bed = bedWith(metric, 'a', 'b', 'c');
    const now = bed.clock.now();
    metric.rows = [podRow('a', 1, now - 85_000), podRow('b', 2, now - 300_000), podRow('c', 3, now - 400_000)];
    const question = { metric: 'k8s_pod_cpu_core_used', selector: APP_X };
    expect(text(await bed.ask(question))).toBe('a=1');
    await bed.clock.advance(5_000);
    expect(text(await bed.ask(question))).toBe('a=1');
    await bed.clock.advance(1);
    expect(metric.requests).toHaveLength(1);
    expect(await errorOf(bed.ask(question))).toBe(
      'noValue: the newest value of k8s_pod_cpu_core_used of the 3 pods that match app=x in namespace web is 1m30s old, and may be 1m30s old at most',
    );
    metric.rows = [podRow('a', Number.NaN, now), podRow('b', 2, now - 200_000)];
    await bed.clock.advance(15_000);
    expect(await errorOf(bed.ask(question))).toBe(
      'noValue: the newest value of k8s_pod_cpu_core_used of the 3 pods that match app=x in namespace web is 3m40s old, and may be 1m30s old at most; ' +
        'of the others, pod web/a has the value NaN of k8s_pod_cpu_core_used; pod web/c has no sample of k8s_pod_cpu_core_used',
    );
  });

  it('is not made younger by a time of day that goes back', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a');
    metric.rows = [podRow('a', 1, bed.clock.now())];
    await bed.ask({ metric: 'm' });
    metric.failure = new Error('the store is away');
    bed.clock.jump(-3_600_000);
    await bed.clock.advance(90_000);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=1');
    await bed.clock.advance(1_000);
    expect(await errorOf(bed.ask({ metric: 'm' }))).toMatch(/^unavailable: /);
  });

  it('is what was found before while evaluations fail, as long as it is fresh, and then the reason', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a', 'b');
    const now = bed.clock.now();
    metric.rows = [podRow('a', 1, now), podRow('b', 2, now - 30_000)];
    await bed.ask({ metric: 'm' });
    metric.failure = new Error('the store is away');
    await bed.clock.advance(60_000);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=1 b=2');
    await bed.clock.advance(15_000);
    // One of the two would do; but what is missing is not the pod's.
    expect(await errorOf(bed.ask({ metric: 'm' }))).toBe(
      'unavailable: metric m cannot be evaluated since 1m, and nothing that was found before may be served any more: the store is away',
    );
    metric.failure = undefined;
    metric.rows = [podRow('a', 3, bed.clock.now())];
    await bed.clock.advance(15_000);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=3');
    const lines = bed.log.map(({ msg }) => msg).filter((line) => line.startsWith('a metric'));
    expect(lines).toEqual(['a metric cannot be evaluated: the store is away', 'a metric can be evaluated again']);
  });

  it('is an error before the objects are listed, of objects and metrics that are not there, and elsewhere', async () => {
    const own = new MadeUpMetric('own', { namespace: 'shop' });
    const metric = new MadeUpMetric('m', { resources: ['deployments.apps', 'namespaces'] });
    const bed = new AnswersBed();
    bed.directory.add('namespaces', { namespace: '', name: 'shop' });
    bed.directory.add('deployments.apps', { name: 'd' });
    bed.answers.setMetrics('test', [metric, own]);
    bed.answers.setMetrics('more', [new MadeUpMetric('own', { resources: ['namespaces'], namespace: 'shop' })]);
    const errors = await Promise.all(
      [
        bed.ask({ metric: 'n' }),
        bed.ask({ metric: 'm' }),
        bed.ask({ metric: 'own', namespace: 'web' }),
        bed.ask({ metric: 'own', namespace: '' }),
        bed.ask({ metric: 'm', resource: 'deployments.apps', name: 'gone' }),
      ].map(errorOf),
    );
    expect(errors).toEqual([
      'unknownMetric: no custom metric n is served in namespace web',
      'unknownMetric: metric m is served of deployments.apps, namespaces in namespace web, not of pods',
      'unknownMetric: no custom metric own is served in namespace web',
      'unknownMetric: no custom metric own is served',
      'unknownObject: there is no gone among the deployments.apps in namespace web',
    ]);
    bed.directory.isListed = false;
    expect(await errorOf(bed.ask({ metric: 'own', namespace: 'shop' }))).toBe(
      'unavailable: the pods of the cluster have not been listed yet',
    );
    expect(metric.requests).toEqual([]);
    bed.directory.isListed = true;
    // A namespace is in itself.
    expect(await errorOf(bed.ask({ metric: 'own', resource: 'namespaces', namespace: '', name: 'shop' }))).toBe(
      'noValue: namespace shop has no sample of own',
    );
  });

  it('is a value about what nobody watches, but no error that says it is not there', async () => {
    const metric = new MadeUpMetric('m', { resources: ['ingresses.networking.k8s.io'] });
    const bed = bedWith(metric);
    metric.objectOf = (labels) => ({ namespace: 'web', name: labels.get('ingress') });
    metric.rows = [{ labels: { ingress: 'i' }, value: 4, timestamp: bed.clock.now() }];
    const resource = 'ingresses.networking.k8s.io';
    expect(text(await bed.ask({ metric: 'm', resource, name: 'i' }))).toBe('i=4');
    expect(await errorOf(bed.ask({ metric: 'm', resource, name: 'j' }))).toMatch(/^noValue: /);
    expect(await errorOf(bed.ask({ metric: 'm', resource }))).toMatch(/^unknownMetric: /);
  });

  it('is no sum of several series of an object', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a', 'b');
    const now = bed.clock.now();
    const path = (value: string) => ({ labels: { path: value } });
    metric.rows = [podRow('a', 1, now, path('/')), podRow('a', 2, now, path('/x')), podRow('b', 3, now, path('/'))];
    expect(text(await bed.ask({ metric: 'm' }))).toBe('b=3');
    expect(await errorOf(bed.ask({ metric: 'm', name: 'a' }))).toBe(
      'invalid: pod web/a has 2 series of m, and nothing says which of them counts: a selector over the labels of the metric must choose',
    );
    const metricSelector: LabelSelector = [{ key: 'path', operator: 'In', values: ['/x'] }];
    expect(text(await bed.ask({ metric: 'm', metricSelector, name: 'a' }))).toBe('a=2');
  });

  it('is the newest of several series where the metric says that they are one', async () => {
    const metric = new MadeUpMetric('m', { newestCounts: true });
    const bed = bedWith(metric, 'a');
    const now = bed.clock.now();
    metric.rows = [
      podRow('a', 1, now - 20_000, { labels: { node: 'n1' } }),
      podRow('a', 2, now - 10_000, { labels: { node: 'n2' } }),
      podRow('a', 3, now, { labels: { node: 'n3' }, doubt: 'its series has ended' }),
    ];
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=2');
  });
});

describe('what is held', () => {
  it('the last good value in place of none, with its own time, as long as the metric says', async () => {
    const metric = new MadeUpMetric('m', { hold: 60_000 });
    const bed = bedWith(metric, 'a', 'b', 'c');
    const start = bed.clock.now();
    metric.rows = [podRow('a', 1, start), podRow('b', 2, start), podRow('c', 3, start)];
    await bed.ask({ metric: 'm' });
    metric.rows = [podRow('a', Number.NaN, start + 15_000), podRow('b', 9, start + 15_000, { doubt: 'half of it' })];
    await bed.clock.advance(15_000);
    const held = await bed.ask({ metric: 'm' });
    expect(text(held)).toBe('a=1 b=2 c=3');
    expect(held.map(({ timestamp }) => timestamp)).toEqual([start, start, start]);
    expect(await bed.registry.metrics()).toContain('pharos_autoscaling_held_values_total 3');
    await bed.clock.advance(135_000);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=1 b=2 c=3');
    await bed.clock.advance(1);
    expect(await errorOf(bed.ask({ metric: 'm' }))).toMatch(/^noValue: no value of m of the 3 pods/);
  });

  it('nothing for another object of the same name', async () => {
    const metric = new MadeUpMetric('m', { hold: 600_000 });
    const bed = bedWith(metric, 'a');
    metric.rows = [podRow('a', 1, bed.clock.now())];
    await bed.ask({ metric: 'm' });
    metric.rows = [];
    await bed.clock.advance(30_000);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=1');
    bed.directory.remove('pods', 'a');
    expect(await bed.ask({ metric: 'm' })).toEqual([]);
    bed.directory.add('pods', { name: 'a', created: bed.clock.now() });
    expect(await errorOf(bed.ask({ metric: 'm', name: 'a' }))).toBe('noValue: pod web/a has no sample of m');
  });
});

describe('external metrics', () => {
  const queue = (name: string, value: number, timestamp: number, doubt?: string): MadeUpRow => ({
    labels: { queue: name },
    value,
    timestamp,
    ...(doubt !== undefined && { doubt }),
  });

  it('are all series that match, or an error: an autoscaler adds them up', async () => {
    const metric = new MadeUpMetric('q', { api: 'external', resources: [] });
    const bed = bedWith(metric);
    const now = bed.clock.now();
    metric.rows = [queue('a', 1, now), queue('b', 2, now), queue('c', 4, now, 'a scrape failed')];
    const selector: LabelSelector = [{ key: 'queue', operator: 'In', values: ['a', 'b'] }];
    const found = await bed.askExternal({ metric: 'q', selector });
    expect(found.map(({ labels, value }) => `${labels}=${value}`)).toEqual(['{queue="a"}=1', '{queue="b"}=2']);
    expect(await errorOf(bed.askExternal({ metric: 'q' }))).toBe(
      'noValue: 1 of the 3 series of q have no value that may be served, and without them the sum would be too small: ' +
        '{queue="c"} has a value of q that is in doubt: a scrape failed',
    );
    const other: LabelSelector = [{ key: 'queue', operator: 'In', values: ['z'] }];
    expect(await errorOf(bed.askExternal({ metric: 'q', selector: other }))).toBe(
      'noValue: there are no series of q that match queue=z',
    );
  });

  it('hold series that are gone, when they hold', async () => {
    const metric = new MadeUpMetric('q', { api: 'external', resources: [], hold: 30_000 });
    const bed = bedWith(metric);
    const start = bed.clock.now();
    metric.rows = [queue('a', 1, start), queue('b', 2, start)];
    await bed.askExternal({ metric: 'q' });
    metric.rows = [queue('b', 3, start + 15_000)];
    await bed.clock.advance(15_000);
    const sum = async () => (await bed.askExternal({ metric: 'q' })).reduce((total, { value }) => total + value, 0);
    expect(await sum()).toBe(4);
    metric.rows = [queue('b', 3, start + 120_000)];
    await bed.clock.advance(105_000);
    expect(await sum()).toBe(4);
    await bed.clock.advance(1);
    expect(await sum()).toBe(3);
    const lines = await bed.answers.explain(
      { metric: 'q', namespace: 'web', selector: [] },
      new AbortController().signal,
    );
    expect(lines.at(-1)).toBe('gone: {queue="a"}, last 1 at 2026-03-02T12:00:00.000Z, 2m ago');
  });
});

describe('names', () => {
  it('belong to the origin that had them first, with a warning', async () => {
    const bed = new AnswersBed();
    bed.pods('a');
    const now = bed.clock.now();
    const served = new MadeUpMetric('m', { origin: 'pharos.yml:7' });
    served.rows = [podRow('a', 1, now)];
    const other = new MadeUpMetric('m', { namespace: 'web', origin: 'a resource' });
    other.rows = [podRow('a', 2, now)];
    const external = new MadeUpMetric('m', { api: 'external', resources: [] });
    bed.answers.setMetrics('configuration', [served]);
    bed.answers.setMetrics('resources', [other, external]);
    expect(bed.answers.metrics()).toEqual([served, external]);
    expect(bed.log.map(({ msg }) => msg)).toEqual([
      'metric m of a resource is not served: pharos.yml:7 has one of that name',
    ]);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=1');
    bed.answers.setMetrics('configuration', []);
    expect(text(await bed.ask({ metric: 'm' }))).toBe('a=2');
  });
});

describe('explanations', () => {
  it('tell of the evaluation, the object, its rows and what became of them', async () => {
    const metric = new MadeUpMetric('m', { hold: 60_000, reads: [{ metric: 'm', back: 300_000 }] });
    const bed = bedWith(metric, 'a');
    const start = bed.clock.now();
    bed.directory.add('pods', { name: 'new', created: start });
    metric.rows = [podRow('a', 1.5, start - 2_000)];
    await bed.ask({ metric: 'm' });
    metric.rows = [podRow('a', Number.NaN, start + 15_000)];
    await bed.clock.advance(20_000);
    const question = { resource: 'pods', namespace: 'web', selector: [], metric: 'm', metricSelector: [] };
    const signal = new AbortController().signal;
    expect(await bed.answers.explain({ ...question, name: 'a' }, signal)).toEqual([
      'm is a metric of pods, from a test',
      'evaluated every 15s since 2026-03-02T12:00:00.000Z; last at 2026-03-02T12:00:15.000Z, 5s ago: 1 rows',
      'the last evaluation took 0s',
      'a value may be 1m30s old and is held for 1m beyond; its window is 1m',
      'pod web/a was created at 1970-01-01T00:00:00.000Z, 20514d12h20s ago',
      '  row {namespace="web", pod="a"}: NaN of 2026-03-02T12:00:15.000Z, 5s old',
      '  served: 1.5 of 2026-03-02T11:59:58.000Z, 22s old, held, because it has the value NaN of m',
    ]);
    expect((await bed.answers.explain({ ...question, name: 'new' }, signal)).slice(-3)).toEqual([
      'pod web/new was created at 2026-03-02T12:00:00.000Z, 20s ago',
      '  not served: it has no sample of m in the last 5m',
      '  it is young: what is a rate needs two scrapes',
    ]);
    expect(await bed.answers.explain({ ...question, name: 'gone' }, signal)).toEqual([
      'there is no gone among the pods in namespace web',
    ]);
  });

  it('are in the log once in a while, of pods that should have had a value', async () => {
    const metric = new MadeUpMetric('m');
    const bed = bedWith(metric, 'a');
    bed.directory.add('pods', { name: 'new', created: bed.clock.now() });
    for (let i = 0; i < 28; i++) {
      metric.rows = [podRow('a', 1, bed.clock.now())];
      await bed.clock.advance(15_000);
      await bed.ask({ metric: 'm' });
    }
    const lines = bed.log.map(({ msg }) => msg);
    expect(lines).toEqual(Array(2).fill('pod web/new is left out of what autoscalers get: it has no sample of m'));
  });
});

interface Step {
  readonly pass: number;
  readonly rows: readonly {
    readonly name: string;
    readonly path: string;
    readonly age: number;
    readonly kind: string;
  }[];
  readonly fails: boolean;
  readonly pods: readonly string[];
  readonly recreated: readonly string[];
  readonly choose: boolean;
}

describe('whatever happens', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const cell = fc.record({
    name: fc.constantFrom(...NAMES),
    path: fc.constantFrom('/', '/x'),
    age: fc.integer({ min: 0, max: 60_000 }),
    kind: fc.constantFrom('good', 'good', 'good', 'nan', 'doubt', 'timeless', 'huge'),
  });
  const step: fc.Arbitrary<Step> = fc.record({
    pass: fc.constantFrom(15_000, 15_000, 45_000),
    rows: fc.uniqueArray(cell, { minLength: 2, maxLength: 6, selector: ({ name, path }) => name + path }),
    fails: fc.constantFrom(false, false, false, true),
    pods: fc.subarray(NAMES, { minLength: 2 }),
    recreated: fc.subarray(NAMES, { maxLength: 1 }),
    choose: fc.boolean(),
  });

  it('answers hold only objects that were asked for, and values that a sample of theirs had, young enough', async () => {
    let served = 0;
    let held = 0;
    const run = async (hold: number, newestCounts: boolean, steps: readonly Step[]) => {
      const metric = new MadeUpMetric('m', { hold, newestCounts, freshness: 30_000 });
      const bed = bedWith(metric);
      const samples = new Map<string, number>();
      let next = 1;
      for (const { pass, rows, fails, pods, recreated, choose } of steps) {
        const now = bed.clock.now() + pass;
        metric.failure = fails ? new Error('fails') : undefined;
        metric.rows = rows.map(({ name, path, age, kind }) => {
          const timestamp = kind === 'timeless' ? Number.NaN : now - age;
          const value = kind === 'nan' ? Number.NaN : kind === 'huge' ? -1e200 : next++;
          if (kind === 'good' && !fails) samples.set(`${name} ${path} ${timestamp} ${value}`, timestamp);
          return podRow(name, value, timestamp, { labels: { path }, ...(kind === 'doubt' && { doubt: 'it' }) });
        });
        const before = bed.directory.objects.get('pods')!;
        bed.directory.objects.set('pods', []);
        for (const name of pods) {
          const known = recreated.includes(name) ? undefined : before.find((pod) => pod.name === name);
          bed.directory.add('pods', { name, created: known?.created ?? now - 20_000 });
        }
        await bed.clock.advance(pass);
        const metricSelector: LabelSelector = choose ? [{ key: 'path', operator: 'In', values: ['/x'] }] : [];
        const answer = await bed.ask({ metric: 'm', metricSelector }).catch((error: Error) => error);
        if (answer instanceof Error) continue;
        expect(new Set(answer.map(({ name }) => name)).size).toBe(answer.length);
        for (const { name, value, timestamp } of answer) {
          const paths = (choose ? ['/x'] : ['/', '/x']).filter((path) =>
            samples.has(`${name} ${path} ${timestamp} ${value}`),
          );
          expect(paths).toHaveLength(1);
          expect(pods).toContain(name);
          expect(timestamp).toBeGreaterThanOrEqual(bed.directory.get('pods', 'web', name)!.created);
          expect(bed.clock.now() - timestamp).toBeLessThanOrEqual(30_000 + hold);
          served++;
          if (!metric.rows.some((row) => row.value === value)) held++;
        }
      }
      bed.answers.stop();
    };
    const holds = fc.constantFrom(0, 40_000);
    await fc.assert(fc.asyncProperty(holds, fc.boolean(), fc.array(step, { minLength: 3, maxLength: 6 }), run), {
      numRuns: 80,
    });
    expect(served).toBeGreaterThan(20);
    expect(held).toBeGreaterThan(2);
  });
});
