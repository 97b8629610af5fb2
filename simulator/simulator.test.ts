import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

const running: Simulator[] = [];

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ nodes: 6, pods: 40, running: false, ...options });
  running.push(simulator);
  return simulator;
}

afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

function ask({ url, token }: Simulator, path: string, signal = AbortSignal.timeout(5000)): Promise<Response> {
  return fetch(url + path, { headers: { authorization: `Bearer ${token}` }, signal });
}

interface Endpoints {
  readonly subsets: readonly {
    readonly addresses: readonly { readonly ip: string }[];
    readonly ports: readonly { readonly port: number }[];
  }[];
}

describe('a simulator', () => {
  it('serves its objects and its kubelets to who has the token', async () => {
    const simulator = await start();
    const { items } = (await (await ask(simulator, '/api/v1/nodes')).json()) as { items: unknown[] };
    expect(items).toHaveLength(6);
    const page = await ask(simulator, '/api/v1/nodes/worker-01/proxy/metrics/cadvisor');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('container_cpu_usage_seconds_total{');
    expect((await fetch(`${simulator.url}/api/v1/nodes`)).status).toBe(403);
    expect(simulator.kubeconfig).toContain(simulator.url);
  });

  it('acts on what users change through the API', async () => {
    const simulator = await start();
    const patch = (path: string, body: object) =>
      fetch(simulator.url + path, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${simulator.token}`, 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify(body),
      });
    const path = '/apis/apps/v1/namespaces/legacy/deployments/monolith';
    expect((await patch(path, { spec: { replicas: 3 } })).status).toBe(200);
    simulator.world.advance(30_000);
    const selected = await ask(simulator, '/api/v1/namespaces/legacy/pods?labelSelector=app%3Dmonolith');
    expect(((await selected.json()) as { items: unknown[] }).items).toHaveLength(3);
  });

  it('scales by the metrics that a registered API answers', async () => {
    const asked: string[] = [];
    const metrics = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://metrics');
      asked.push(url.pathname);
      const pods = simulator.world.store.list('pods', { namespace: 'shop' }).map(({ metadata }) => metadata.name);
      const items = pods.map((name) => ({
        metadata: { name },
        timestamp: new Date(simulator.world.clock.now()).toISOString(),
        window: '15s',
        containers: [{ name: 'frontend', usage: { cpu: '500m', memory: '100Mi' } }],
      }));
      response.end(
        JSON.stringify(url.pathname.endsWith('/pods') ? { items } : { kind: 'APIResourceList', resources: [] }),
      );
    });
    await new Promise<void>((resolve) => metrics.listen(0, '127.0.0.1', resolve));
    const backend = `http://127.0.0.1:${(metrics.address() as AddressInfo).port}`;
    const simulator = await start({ backends: new Map([['monitoring/metrics', backend]]) });
    const { store } = simulator.world;
    const replicas = () => (store.get('deployments.apps', 'shop', 'frontend')!.spec as { replicas: number }).replicas;
    const before = replicas();
    store.create('apiservices.apiregistration.k8s.io', {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { namespace: 'monitoring', name: 'metrics' },
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    });
    for (let i = 0; i < 20 && replicas() === before; i++) {
      simulator.world.advance(15_000);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    metrics.close();
    metrics.closeAllConnections();
    expect(asked).toContain('/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods');
    // 500m of the 250m requested is 200 %, of which 70 % are wanted: as fast as it may.
    expect(replicas()).toBe(Math.min(16, Math.max(before + 4, before * 2)));
    const autoscaler = store.get('horizontalpodautoscalers.autoscaling', 'shop', 'frontend')!;
    expect(autoscaler.status).toMatchObject({
      currentMetrics: [{ resource: { current: { averageUtilization: 200 } } }],
    });
  });

  it('tells where it is, and serves what a real API server says of its load', async () => {
    const simulator = await start({ monitorObjects: true });
    const endpoints = await ask(simulator, '/api/v1/namespaces/default/endpoints/kubernetes');
    const [endpoint] = ((await endpoints.json()) as Endpoints).subsets;
    expect(simulator.url).toBe(`http://${endpoint!.addresses[0]!.ip}:${endpoint!.ports[0]!.port}`);
    const page = await (await ask(simulator, '/metrics')).text();
    expect(page.match(/^# TYPE apiserver_request_total /gm)).toHaveLength(1);
    expect(page).toContain('apiserver_request_sli_duration_seconds_bucket{');
    const monitors = await ask(simulator, '/apis/monitoring.coreos.com/v1/servicemonitors');
    expect(((await monitors.json()) as { items: unknown[] }).items.length).toBeGreaterThan(0);
  });

  it('makes single kubelets fail', async () => {
    const simulator = await start();
    const page = '/api/v1/nodes/worker-01/proxy/metrics/cadvisor';
    simulator.hang('worker-01');
    await expect(ask(simulator, page, AbortSignal.timeout(150))).rejects.toThrow(/timeout|abort/i);
    simulator.heal('worker-01');
    simulator.garbage('worker-01');
    const broken = Buffer.from(await (await ask(simulator, page)).arrayBuffer());
    expect(broken.includes(0)).toBe(true);
    simulator.heal('worker-01');
    simulator.skewClock('worker-01', 600_000);
    const times = [...(await (await ask(simulator, page)).text()).matchAll(/ (\d{13})\n/g)].map(([, time]) =>
      Number(time),
    );
    expect(Math.max(...times)).toBeGreaterThan(simulator.world.clock.now() + 550_000);
    simulator.heal('worker-01');
    simulator.down('worker-01');
    expect((await ask(simulator, page)).status).toBe(503);
    simulator.heal('worker-01');
    expect((await ask(simulator, page)).status).toBe(200);
    expect(() => simulator.down('nobody')).toThrow('no node nobody');
  });

  it('lets kubelets listen themselves, for those who have the token', async () => {
    const simulator = await start({ kubeletListeners: 2 });
    const node = simulator.world.store.get('nodes', '', 'control-plane-01')!;
    const status = node.status as {
      daemonEndpoints: { kubeletEndpoint: { Port: number } };
      addresses: { address: string }[];
    };
    const { Port } = status.daemonEndpoints.kubeletEndpoint;
    const url = `http://${status.addresses[0]!.address}:${Port}/metrics/cadvisor`;
    expect((await fetch(url)).status).toBe(401);
    const page = await fetch(url, { headers: { authorization: `Bearer ${simulator.token}` } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('container_memory_usage_bytes{');
    simulator.down('control-plane-01');
    await expect(fetch(url, { headers: { authorization: `Bearer ${simulator.token}` } })).rejects.toThrow(
      'fetch failed',
    );
  });

  it('runs at the speed that is asked for', async () => {
    const simulator = await start({ running: true, speed: 200 });
    const before = simulator.world.clock.now();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const passed = simulator.world.clock.now() - before;
    expect(passed).toBeGreaterThan(40_000);
    expect(passed).toBeLessThan(400_000);
  });
});
