import { expect, it } from 'vitest';
import { createMemoryStorage } from '../../storage/memory.ts';
import { RecentSamples } from '../../storage/recent/recent-samples.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { EVERYTHING } from './label-selector.ts';
import { UsageBed } from './usage-bed.case.ts';

const refusal = (reason: string, ...texts: string[]) =>
  expect.objectContaining({ reason, message: expect.stringMatching(new RegExp(texts.join('.*'))) });

const APP = [{ key: 'app', operator: 'In', values: ['web'] }] as const;

it('serves the rate between the last two points and the last memory, with the time of the older sample', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {}, proxy: {} }, { app: 'web' });
  await bed.kubelet('web', 'app', { cpu: 100, memory: 1, at: -40_000 });
  await bed.kubelet('web', 'app', { cpu: 105, memory: 2000, at: -18_000 });
  await bed.kubelet('web', 'app', { cpu: 110, memory: 3000, at: -8_000 });
  await bed.kubelet('web', 'proxy', { cpu: 1, memory: 500, at: -25_000 });
  await bed.kubelet('web', 'proxy', { cpu: 1, memory: 600, at: -10_000 });
  expect(await bed.served(APP)).toEqual(['web app=0.5/3000 proxy=0/600 @-10 w15']);
  const [usage] = await bed.usage.pods('', APP, bed.signal);
  expect(usage).toMatchObject({ namespace: 'shop', name: 'web', labels: { app: 'web' } });
  expect(usage!.created).toBe(bed.clock.now() - 300_000);
  expect(await bed.usage.pod('shop', 'web', bed.signal)).toEqual(usage);
  bed.usage.close();
});

it('reads the recent window in memory as it reads the store, while series come and go', async () => {
  const main = createMemoryStorage();
  let asked = 0;
  const querier: typeof main.querier = {
    ...main.querier,
    select(selection, signal) {
      asked++;
      return main.querier.select(selection, signal);
    },
  };
  const clock = new SteppedClock();
  const recent = new RecentSamples({ storage: { ...main, querier }, now: () => clock.now() });
  const bed: UsageBed = new UsageBed({
    storage: recent.storage,
    clock,
    onReads: () => recent.want('usage', new Map(bed.usage.reads().map(({ metric, back }) => [metric, back]))),
  });
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) bed.pod(name, { app: {}, proxy: {} });
  bed.usage.want('autoscalers', true);
  await recent.settled();
  const loaded = asked;
  // Each round another pod is not scraped, and the series are others than before.
  for (let round = 0; round < 8; round++) {
    for (const [index, pod] of names.entries()) {
      if (index === round) continue;
      const memory = 100 * index + round;
      await bed.kubelet(pod, 'app', { cpu: 10 * index + 3 * round + 1, memory });
      await bed.kubelet(pod, 'proxy', { cpu: 10 * index + 6 * round + 1, memory });
    }
    await bed.clock.advance(15_000);
  }
  expect(await bed.served()).toEqual(
    names.map((name, index) => `${name} app=0.2/${100 * index + 7} proxy=0.4/${100 * index + 7} @-15 w15`),
  );
  expect(asked).toBe(loaded);
  bed.usage.close();
  await recent.storage.close(100);
});

it('answers nothing for what matches nothing, and an error for what is not there', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  expect(await bed.served(APP)).toEqual([]);
  expect(await bed.usage.nodes(EVERYTHING, bed.signal)).toEqual([]);
  await expect(bed.usage.pod('shop', 'x', bed.signal)).rejects.toEqual(
    refusal('unknownObject', 'no pod x in namespace shop'),
  );
  await expect(bed.usage.node('x', bed.signal)).rejects.toEqual(refusal('unknownObject', 'there is no node x'));
  expect(bed.readings).toBe(0);
  bed.pods.isSynced = false;
  await expect(bed.served()).rejects.toEqual(refusal('unavailable', 'have not been listed'));
});

it('leaves out a pod of which a container lacks something, and says what of a pod that is alone', async () => {
  const bed = new UsageBed();
  bed.pod('whole', { app: {} });
  bed.pod('part', { app: {}, proxy: {} }, { app: 'web' });
  for (const at of [-20_000, -5_000]) {
    await bed.kubelet('whole', 'app', { cpu: 100 + at / 1000, memory: 10, at });
    await bed.kubelet('part', 'app', { cpu: 100 + at / 1000, memory: 10, at });
  }
  await bed.kubelet('part', 'proxy', { cpu: 7, memory: 10, at: -5_000 });
  expect(await bed.served()).toEqual(['whole app=1/10 @-5 w15']);
  await expect(bed.served(APP)).rejects.toEqual(
    refusal(
      'noValue',
      'use of CPU and memory of pod in namespace shop matching app=web',
      'shop/part, container proxy',
      'only one point yet',
    ),
  );
  expect(bed.usage.explainPod('shop', 'part')).toEqual([
    'it is not served',
    "container app: kubelets' /metrics/resource: 1 cores over 15 s, 10 bytes, 5 s old",
    'container app: cAdvisor has no series container_cpu_usage_seconds_total or container_memory_working_set_bytes of it',
    "container proxy: kubelets' /metrics/resource: kubelet_container_cpu_usage_seconds_total has no rate: there is only one point yet (last sample 5 s old)",
    'container proxy: cAdvisor has no series container_cpu_usage_seconds_total or container_memory_working_set_bytes of it',
    'samples were read 0 s ago',
  ]);
  expect(bed.lines).toEqual([
    expect.stringMatching(/^an object is left out of metrics.k8s.io: shop\/part, container proxy: /),
  ]);
  bed.usage.close();
});

it.each([
  [
    'a counter that fell',
    [
      [-20_000, 50],
      [-5_000, 3],
    ],
    'the counter fell',
  ],
  [
    'points too far apart',
    [
      [-190_000, 50],
      [-5_000, 60],
    ],
    'more than 180 s apart',
  ],
  [
    'a counter that was not measured',
    [
      [-20_000, 50],
      [-5_000, 0],
    ],
    'has not been measured',
  ],
  [
    'a first point that was not measured',
    [
      [-20_000, 0],
      [-5_000, 50],
    ],
    'only one point yet',
  ],
  [
    'NaN',
    [
      [-20_000, 50],
      [-5_000, Number.NaN],
    ],
    'has not been measured',
  ],
  [
    'NaN before',
    [
      [-20_000, Number.NaN],
      [-5_000, 50],
    ],
    'has not been measured',
  ],
  [
    'points that are one',
    [
      [-5_500, 50],
      [-5_000, 51],
    ],
    'only one point yet',
  ],
  [
    'old points',
    [
      [-110_000, 50],
      [-95_000, 51],
    ],
    'is 95 s old',
  ],
  [
    'points of the future',
    [
      [20_000, 50],
      [35_000, 51],
    ],
    'no sample|no series',
  ],
])('has no value of %s', async (_, points, why) => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  for (const [at, cpu] of points as [number, number][]) await bed.kubelet('web', 'app', { cpu, memory: 10, at });
  await expect(bed.served()).rejects.toEqual(refusal('noValue', why));
  bed.usage.close();
});

it('has a value again with the next pair', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  await bed.kubelet('web', 'app', { cpu: 50, memory: 10, at: -20_000 });
  await bed.kubelet('web', 'app', { cpu: 3, memory: 10, at: -5_000 });
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'fell'));
  await bed.clock.advance(15_000);
  await bed.kubelet('web', 'app', { cpu: 6, memory: 10, at: -5_000 });
  await bed.clock.advance(15_000);
  expect(await bed.served()).toEqual(['web app=0.2/10 @-20 w15']);
  bed.usage.close();
});

it('keeps what it knows through a missed scrape, and no longer than the bound', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  await bed.kubelet('web', 'app', { cpu: 50, memory: 10, at: -15_000 });
  await bed.kubelet('web', 'app', { cpu: 53, memory: 10 });
  expect(await bed.served()).toEqual(['web app=0.2/10 @0 w15']);
  await bed.clock.advance(15_000);
  const metric = { namespace: 'shop', pod: 'web', container: 'app', node: 'n1' };
  await bed.sample({ ...metric, __name__: 'kubelet_container_cpu_usage_seconds_total' }, 0, { stale: true });
  await bed.sample({ ...metric, __name__: 'kubelet_container_memory_working_set_bytes' }, 0, { stale: true });
  await bed.clock.advance(75_000);
  expect(await bed.served()).toEqual(['web app=0.2/10 @-90 w15']);
  await bed.clock.advance(1_000);
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'is 91 s old, and none of more than 90 s is served'));
  bed.usage.close();
});

it('does not count what a container did before it was started again', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: { age: 10_500 } });
  // The one before used less than the new one has by now: the counter did not fall.
  await bed.kubelet('web', 'app', { cpu: 1, memory: 10, at: -20_000 });
  await bed.kubelet('web', 'app', { cpu: 5, memory: 10, at: -5_000 });
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'not yet two points since'));
  await bed.clock.advance(10_000);
  await bed.kubelet('web', 'app', { cpu: 6, memory: 20, at: 0 });
  // It is young, so nobody waits for the interval to end.
  expect(await bed.served()).toEqual([`web app=${Math.round(1e6 / 15) / 1e6}/20 @0 w15`]);
  bed.usage.close();
});

it('takes the series of the container that runs, and not the sum of two', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: { id: 'bbbbbbbbbbbb' } });
  for (const at of [-60_000, -45_000, -30_000, -15_000, 0]) {
    // cAdvisor still shows the one that has ended.
    await bed.cadvisor('web', 'app', { id: 'aaaaaaaaaaaa', cpu: 700, memory: 70, at });
    if (at >= -45_000) await bed.cadvisor('web', 'app', { id: 'bbbbbbbbbbbb', cpu: 60 + at / 1000, memory: 20, at });
  }
  expect(await bed.served()).toEqual(['web app=1/20 @0 w45']);
  bed.pod('web', { app: { id: 'cccccccccccc' } });
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'cAdvisor has no series'));
  bed.pod('web', { app: {} });
  expect(await bed.served(), 'nobody knows the id: the one that began later').toEqual(['web app=1/20 @0 w45']);
  bed.usage.close();
});

it('reads cAdvisor for what has no other page, over a window that its caching cannot fool', async () => {
  const bed = new UsageBed();
  bed.pod('virtual', { app: { id: 'aaaaaaaaaaaa' } });
  bed.pod('web', { app: {} });
  await bed.kubelet('web', 'app', { cpu: 3, memory: 10, at: -15_000 });
  await bed.kubelet('web', 'app', { cpu: 3, memory: 10 });
  const measured = { id: 'aaaaaaaaaaaa', memory: 10 };
  await bed.cadvisor('virtual', 'app', { ...measured, cpu: 30, at: -15_000 });
  await bed.cadvisor('virtual', 'app', { ...measured, cpu: 30 });
  // Two pages show one value: no zero.
  expect(await bed.served()).toEqual(['web app=0/10 @0 w15']);
  expect(bed.usage.explainPod('shop', 'virtual').join()).toContain('it stands still');
  await bed.clock.advance(15_000);
  await bed.cadvisor('virtual', 'app', { ...measured, cpu: 36 });
  await bed.clock.advance(15_000);
  expect(await bed.served()).toEqual(['virtual app=0.2/10 @-15 w30', 'web app=0/10 @-30 w15']);
  bed.usage.close();
});

it('knows nothing of other clusters, pause containers and the cgroups of whole pods', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  for (const at of [-15_000, 0]) {
    const labels = { namespace: 'shop', pod: 'web', node: 'n1' };
    for (const container of ['', 'POD', 'app']) {
      const cluster = container === 'app' ? 'other' : 'c';
      for (const prefix of ['', 'kubelet_']) {
        const all = { ...labels, container, cluster };
        await bed.sample({ ...all, __name__: `${prefix}container_cpu_usage_seconds_total` }, 60 + at / 1000, { at });
        await bed.sample({ ...all, __name__: `${prefix}container_memory_working_set_bytes` }, 60, { at });
      }
    }
  }
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'has no series'));
  bed.usage.close();
});

it('serves nodes by their own page, else by their root cgroup', async () => {
  const bed = new UsageBed();
  bed.node('n1');
  bed.node('n2');
  bed.node('n3');
  for (const at of [-60_000, -15_000, 0]) {
    const n1 = { node: 'n1', namespace: 'kube-system' };
    await bed.sample({ ...n1, __name__: 'node_cpu_usage_seconds_total' }, 900 + at / 500, { at });
    await bed.sample({ ...n1, __name__: 'node_memory_working_set_bytes' }, 4000, { at });
    for (const id of ['/', '/kubepods.slice']) {
      const n2 = { node: 'n2', id };
      await bed.sample({ ...n2, cpu: 'total', __name__: 'container_cpu_usage_seconds_total' }, 900 + at / 1000, { at });
      await bed.sample({ ...n2, __name__: 'container_memory_working_set_bytes' }, id === '/' ? 5000 : 1, { at });
    }
  }
  const nodes = await bed.usage.nodes(EVERYTHING, bed.signal);
  expect(nodes).toMatchObject([
    { name: 'n1', cpu: 2, memory: 4000, window: 15_000, timestamp: bed.clock.now() },
    { name: 'n2', cpu: 1, memory: 5000, window: 60_000, timestamp: bed.clock.now() },
  ]);
  expect((await bed.usage.node('n2', bed.signal)).memory).toBe(5000);
  await expect(bed.usage.node('n3', bed.signal)).rejects.toEqual(refusal('noValue', 'node n3', 'has no series'));
  expect(bed.usage.explainNode('n3')[0]).toBe('it is not served');
  bed.usage.close();
});

it('has no value of pods that do not run', async () => {
  const bed = new UsageBed();
  bed.pod('done', {});
  await expect(bed.served()).rejects.toEqual(refusal('noValue', 'no container of pod in namespace shop runs'));
  expect(bed.usage.explainPod('shop', 'done')).toContain('none of its containers runs');
  bed.usage.close();
});

it('says that it does not know when the store fails and what is in memory is old', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  bed.broken = new Error('connection refused');
  await expect(bed.served()).rejects.toEqual(refusal('unavailable', 'cannot be read: connection refused'));
  bed.broken = undefined;
  await bed.clock.advance(15_000);
  await bed.kubelet('web', 'app', { cpu: 50, memory: 10, at: -15_000 });
  await bed.kubelet('web', 'app', { cpu: 53, memory: 10 });
  await bed.clock.advance(15_000);
  expect(await bed.served()).toEqual(['web app=0.2/10 @-15 w15']);
  bed.broken = new Error('connection refused');
  await bed.clock.advance(75_000);
  expect(await bed.served()).toEqual(['web app=0.2/10 @-90 w15']);
  await bed.clock.advance(15_000);
  await expect(bed.served()).rejects.toEqual(refusal('unavailable', 'connection refused'));
  expect(bed.lines.filter((line) => line.startsWith('use of CPU and memory is not known any more'))).toHaveLength(2);
  bed.usage.close();
});

it('does not ask a store that fails again for each request', async () => {
  const bed = new UsageBed();
  bed.pod('web', { app: {} });
  bed.broken = new Error('connection refused');
  for (let second = 0; second < 30; second++) {
    const answers = Array.from({ length: 20 }, () => bed.served());
    for (const answer of answers) await expect(answer).rejects.toEqual(refusal('unavailable', 'connection refused'));
    await bed.clock.advance(1_000);
  }
  expect(bed.readings).toBeLessThanOrEqual(20);
  bed.usage.close();
});

it('says so when the store does not answer at all', async () => {
  const bed = new UsageBed({ read: () => new Promise(() => undefined) });
  bed.pod('web', { app: {} });
  const answer = expect(bed.served()).rejects.toEqual(refusal('unavailable', 'have not been read yet'));
  await bed.clock.advance(60_000);
  await answer;
  bed.usage.close();
});

it('reads once per interval however many ask, and only while somebody is interested', async () => {
  const changes: string[] = [];
  const bed = new UsageBed({
    onReads: () =>
      changes.push(
        bed.usage
          .reads()
          .map(({ metric }) => metric)
          .join(),
      ),
  });
  bed.pod('web', { app: {} });
  await bed.kubelet('web', 'app', { cpu: 50, memory: 10, at: -15_000 });
  await bed.kubelet('web', 'app', { cpu: 53, memory: 10 });
  expect(bed.usage.reads()).toEqual([]);
  await Promise.all(Array.from({ length: 100 }, () => bed.served()));
  expect(bed.readings).toBe(1);
  expect(bed.usage.reads()).toEqual([
    { metric: 'kubelet_container_cpu_usage_seconds_total', back: 270_000 },
    { metric: 'kubelet_container_memory_working_set_bytes', back: 90_000 },
    { metric: 'node_cpu_usage_seconds_total', back: 270_000 },
    { metric: 'node_memory_working_set_bytes', back: 90_000 },
  ]);
  await bed.clock.advance(600_000);
  expect(bed.readings).toBe(40);
  await bed.clock.advance(60_000);
  expect(bed.readings).toBe(40);
  expect(bed.usage.reads()).toEqual([]);
  expect(bed.clock.pending).toBe(0);
  bed.usage.want('autoscalers', true);
  await bed.clock.advance(3_600_000);
  expect(bed.readings).toBe(281);
  bed.usage.want('autoscalers', false);
  await bed.clock.advance(15_000);
  expect(bed.clock.pending).toBe(0);
  expect(changes).toHaveLength(4);
  bed.usage.close();
});

it('serves a pod as soon as its second point is there', async () => {
  const bed = new UsageBed();
  bed.usage.want('autoscalers', true);
  await bed.clock.advance(1_000);
  bed.pod('web', { app: { age: 0 } });
  let cpu = 0;
  let first = Number.POSITIVE_INFINITY;
  for (let second = 1; second <= 40 && first > second; second++) {
    await bed.clock.advance(1_000);
    // Scraped 7 and 22 s after its start.
    if (second % 15 === 7) await bed.kubelet('web', 'app', { cpu: (cpu += 3), memory: 10 });
    const served = await bed.served().catch(() => []);
    if (served.length > 0) first = second;
  }
  expect(first).toBeGreaterThanOrEqual(22);
  expect(first).toBeLessThanOrEqual(24);
  bed.usage.close();
});
