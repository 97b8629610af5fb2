import { describe, expect, it } from 'vitest';
import { controllerOf, type Deployment, isReady, type Pod, type ReplicaSet } from './objects.ts';
import type { ProxyResponse } from './proxy-request.ts';
import { World } from './world.ts';

const START = Date.parse('2026-03-04T10:00:00Z');

function makeWorld(options: ConstructorParameters<typeof World>[0] = {}): World {
  return new World({ nodes: 12, pods: 120, seed: 7, start: START, ...options });
}

function pods(world: World): readonly Pod[] {
  return world.store.list('pods') as readonly Pod[];
}

/** The pods of a Deployment that are not being deleted. */
function podsOf(world: World, namespace: string, name: string): Pod[] {
  return pods(world).filter(
    (pod) =>
      pod.metadata.namespace === namespace &&
      pod.metadata.labels?.app === name &&
      pod.metadata.deletionTimestamp === undefined,
  );
}

async function cadvisor(world: World, node: string): Promise<string> {
  const request = { kind: 'node', namespace: '', name: node, port: undefined, path: '/metrics/cadvisor' } as const;
  const answer: ProxyResponse = await world.proxy(request);
  expect(answer.status).toBe(200);
  return answer.body.toString('latin1');
}

function sampleOf(page: string, name: string, ...labels: string[]): number {
  const line = page
    .split('\n')
    .find((one) => one.startsWith(`${name}{`) && labels.every((label) => one.includes(label)));
  if (line === undefined) throw new Error(`no ${name} with ${labels.join(' ')}`);
  return Number(line.slice(line.indexOf('} ') + 2).split(' ')[0]);
}

describe('a simulated cluster', () => {
  it('has as many nodes and pods as asked for, all of them ready', () => {
    const world = makeWorld();
    expect(world.store.count('nodes')).toBe(12);
    expect(pods(world).filter((pod) => controllerOf(pod)?.kind !== 'Job').length).toBeLessThanOrEqual(120);
    for (const pod of pods(world))
      if (controllerOf(pod)?.kind !== 'Job') expect(isReady(pod), pod.metadata.name).toBe(true);
  });

  it('is the same for the same seed, and another one for another', () => {
    const names = (world: World) => pods(world).map(({ metadata }) => `${metadata.name} ${metadata.uid}`);
    const once = makeWorld({ nodes: 6, pods: 50 });
    const again = makeWorld({ nodes: 6, pods: 50 });
    for (const world of [once, again]) world.advance(120_000);
    expect(names(again)).toEqual(names(once));
    expect(again.truth.nodes().map((node) => node.cpuSeconds())).toEqual(
      once.truth.nodes().map((node) => node.cpuSeconds()),
    );
    expect(names(makeWorld({ nodes: 6, pods: 50, seed: 8 }))).not.toEqual(names(once));
  });

  it('labels and taints the nodes by their roles', () => {
    const world = makeWorld();
    const node = (name: string) => world.store.get('nodes', '', name)!;
    expect(node('control-plane-01').metadata.labels).toHaveProperty(['node-role.kubernetes.io/control-plane'], '');
    expect(node('virtual-node-01').metadata.labels).toHaveProperty('type', 'virtual-kubelet');
    expect(node('gpu-01').status).toHaveProperty(['allocatable', 'nvidia.com/gpu'], '4');
    const system = pods(world).filter(({ spec }) => spec.nodeName === 'control-plane-02');
    expect(system.some(({ metadata }) => metadata.name === 'etcd-control-plane-02')).toBe(true);
    expect(system.every(({ metadata }) => ['kube-system', 'monitoring'].includes(metadata.namespace!))).toBe(true);
  });
});

describe('the page of cAdvisor', () => {
  it('gives what the truth says of the moment at which it took the values', async () => {
    const world = makeWorld();
    world.advance(47_300);
    for (const pod of world.truth
      .pods()
      .filter(({ namespace }) => namespace === 'shop')
      .slice(0, 6)) {
      const page = await cadvisor(world, pod.node);
      for (const container of pod.containers) {
        const labels = [`container="${container.container}"`, `pod="${pod.pod}"`];
        const at = container.sampledAt();
        expect(at).toBeLessThanOrEqual(world.clock.now());
        expect(sampleOf(page, 'container_cpu_usage_seconds_total', ...labels)).toBeCloseTo(container.cpuSeconds(at), 4);
        expect(sampleOf(page, 'container_memory_usage_bytes', ...labels)).toBeCloseTo(container.memoryUsage(at), -1);
        expect(sampleOf(page, 'container_spec_memory_limit_bytes', ...labels)).toBe(container.limits.memory ?? 0);
      }
    }
  });

  it('has rows for the machine, slices, pods and sandboxes beside the containers', async () => {
    const page = await cadvisor(makeWorld(), 'worker-01');
    for (const id of ['/', '/kubepods.slice', '/system.slice', '/system.slice/kubelet.service']) {
      expect(sampleOf(page, 'container_cpu_usage_seconds_total', `id="${id}"`, 'pod=""')).toBeGreaterThan(0);
    }
    const network = page.split('\n').filter((line) => line.startsWith('container_network_receive_bytes_total{'));
    expect(network.every((line) => line.includes('interface="eth0"') && /container="(POD)?"/.test(line))).toBe(true);
    const series = page
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.indexOf('} ')));
    expect(new Set(series).size).toBe(series.length);
  });

  it('never says two things of one moment', async () => {
    const world = makeWorld();
    const known = new Map<string, string>();
    for (let i = 0; i < 10; i++) {
      world.advance(3300);
      for (const line of (await cadvisor(world, 'worker-02')).split('\n')) {
        const [, series, value, time] = /^(container_\S*\{.*\}) (\S+) (\d+)$/.exec(line) ?? [];
        if (series === undefined) continue;
        const key = `${series} ${time}`;
        if ((known.get(key) ?? value) !== value) throw new Error(`${key} was ${known.get(key)} and is ${value}`);
        known.set(key, value!);
      }
    }
    expect(known.size).toBeGreaterThan(1000);
  });

  it('keeps counters rising, and shows a container for a while after its end', async () => {
    const world = makeWorld();
    const [pod] = podsOf(world, 'shop', 'frontend');
    const [node, name] = [pod!.spec.nodeName!, pod!.metadata.name];
    let last = 0;
    for (let i = 0; i < 8; i++) {
      world.advance(7_000);
      const value = sampleOf(
        await cadvisor(world, node),
        'container_cpu_usage_seconds_total',
        `pod="${name}"`,
        'container="frontend"',
      );
      expect(value).toBeGreaterThanOrEqual(last);
      last = value;
    }
    world.context.deletePod(pod!);
    world.advance(20_000);
    expect(world.store.get('pods', 'shop', name)).toBeUndefined();
    expect(await cadvisor(world, node)).toContain(`pod="${name}"`);
    world.advance(100_000);
    expect(await cadvisor(world, node)).not.toContain(`pod="${name}"`);
  });
});

describe('controllers', () => {
  it('replace a deleted pod', () => {
    const world = makeWorld();
    const before = podsOf(world, 'shop', 'frontend');
    world.context.deletePod(before[0]!);
    world.advance(30_000);
    const after = podsOf(world, 'shop', 'frontend');
    expect(after).toHaveLength(before.length);
    expect(after.every(isReady)).toBe(true);
    expect(after.map(({ metadata }) => metadata.name)).not.toContain(before[0]!.metadata.name);
  });

  it('roll out a new template without missing more pods than allowed', () => {
    const world = makeWorld();
    const deployment = world.store.get('deployments.apps', 'shop', 'frontend') as Deployment;
    const wanted = deployment.spec.replicas!;
    const [main, ...others] = deployment.spec.template.spec.containers;
    const containers = [{ ...main!, image: 'registry.example/shop/frontend:9.9.9' }, ...others];
    const template = { ...deployment.spec.template, spec: { ...deployment.spec.template.spec, containers } };
    world.context.setSpec('deployments.apps', deployment, { ...deployment.spec, template });
    let least = wanted;
    let most = wanted;
    for (let i = 0; i < 120; i++) {
      world.advance(1000);
      const present = podsOf(world, 'shop', 'frontend');
      least = Math.min(least, present.filter(isReady).length);
      most = Math.max(most, present.length);
    }
    expect(least).toBeGreaterThanOrEqual(wanted - Math.floor(wanted * 0.25));
    expect(most).toBeGreaterThan(wanted);
    expect(most).toBeLessThanOrEqual(wanted + Math.ceil(wanted * 0.25));
    expect(new Set(podsOf(world, 'shop', 'frontend').map(({ spec }) => spec.containers[0]!.image))).toEqual(
      new Set(['registry.example/shop/frontend:9.9.9']),
    );
    const sets = world.store.list('replicasets.apps') as readonly ReplicaSet[];
    const mine = sets.filter(({ metadata }) => metadata.namespace === 'shop' && metadata.labels?.app === 'frontend');
    expect(mine.length).toBeGreaterThan(1);
    expect(mine.filter(({ spec }) => spec.replicas! > 0)).toHaveLength(1);
  });
});
