import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { autoscalingSection } from '../alerting/api/autoscaling-endpoints.ts';
import { MemoryBoard } from '../alerting/api/memory-board.case.ts';
import { registerAlertingApi } from '../alerting/api/server.ts';
import { BoardBed, cpuMetric, externalMetric, podsMetric } from '../alerting/autoscaling/board.case.ts';
import { runAutoscalersCommand } from './autoscalers-command.ts';
import { buildServer, listen } from './server.ts';

let app: ReturnType<typeof buildServer> | undefined;
let bed = new BoardBed();
afterEach(() => app?.close());

async function serve(): Promise<string> {
  bed = new BoardBed();
  const { clock } = bed;
  const logger = pino({ level: 'silent' });
  app = buildServer({
    logger,
    maxBodySize: 1_000,
    page: [],
    register: (server) =>
      registerAlertingApi(server, {
        board: new MemoryBoard({ clock, silencedBy: () => [], receivers: {}, config: '' }),
        silences: { list: () => [], get: () => undefined, set: () => Promise.reject(), expire: () => Promise.reject() },
        clock,
        logger,
        registry: new Registry(),
        version: '1',
        startTime: 0,
        sections: [autoscalingSection({ board: () => bed.board, clock })],
      }),
  });
  const { host, port } = await listen(app, { host: '127.0.0.1', port: 0 });
  return `http://${host}:${port}`;
}

async function shown(url: string, more: object = {}): Promise<string> {
  const printed: string[] = [];
  await runAutoscalersCommand({ url, timeout: 5_000, ...more }, (text) => void printed.push(text));
  return printed.join('\n');
}

it('shows a line for each metric of each autoscaler', async () => {
  const url = await serve();
  bed.autoscalers.listed();
  bed.values.set('k8s_pod_cpu', [0.1, 0.5]);
  bed.values.set('queue', [120]);
  bed.usage = [0.2];
  const metrics = [podsMetric('k8s_pod_cpu', 0.25), externalMetric('queue', 50), cpuMetric(60, 81)];
  bed.put('web', metrics);
  await bed.clock.advance(60_000);
  bed.put('web', metrics, {
    desiredReplicas: 4,
    conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'ScaleUpLimit', message: '', since: 0 }],
  });
  bed.put('api', [podsMetric('k8s_pod_cpuu', 1)]);
  await bed.clock.advance(300_000);
  expect(await shown(url)).toBe(
    [
      'namespace  name  target          metric        value      age  replicas      last decision                problem',
      'shop       api   Deployment/api  k8s_pod_cpuu  ?/1             2 (1-9)                                    k8s_pod_cpuu: no metric of pods named k8s_pod_cpuu is served in namespace shop; did you mean k8s_pod_cpu?',
      'shop       web   Deployment/web  k8s_pod_cpu   300m/0.25  20s  2 -> 4 (1-9)  2 -> 4 5m ago, ScaleUpLimit',
      'shop       web                   queue         60/50      20s',
      'shop       web                   cpu           81%/60%    10s',
    ].join('\n'),
  );
  expect(await shown(url, { problem: true })).not.toContain('web');
  expect(await shown(url, { namespace: 'bank' })).toBe('no HorizontalPodAutoscalers');
  expect(JSON.parse(await shown(url, { json: true }))).toMatchObject([{ name: 'api' }, { name: 'web' }]);
});

it('shows all of very many', async () => {
  const url = await serve();
  bed.autoscalers.listed();
  for (let i = 0; i < 2_000; i++) bed.put(`web-${i}`, []);
  expect(JSON.parse(await shown(url, { json: true }))).toHaveLength(2_000);
});

it('says why there is nothing to show', async () => {
  const url = await serve();
  await expect(shown(url)).rejects.toThrow(
    'unavailable: the HorizontalPodAutoscalers of the cluster have not been listed yet',
  );
  await app?.close();
  await expect(shown(url.replace('//', '//me:secret@'))).rejects.toThrow(
    `cannot ask ${url}/api/v1/autoscaling: ECONNREFUSED`,
  );
});

it('goes on watching while the server is away', async () => {
  const url = await serve();
  bed.autoscalers.listed();
  bed.put('web', []);
  const ending = new AbortController();
  const printed: string[] = [];
  const print = (text: string): void => {
    printed.push(text);
    ending.abort();
  };
  const options = { signal: ending.signal, isTerminal: false };
  await runAutoscalersCommand({ url, timeout: 5_000, watch: true }, print, options);
  await app?.close();
  const again = new AbortController();
  await runAutoscalersCommand(
    { url, timeout: 5_000, watch: true },
    (text) => {
      printed.push(text);
      again.abort();
    },
    { signal: again.signal, isTerminal: true },
  );
  expect(printed[0]).toContain('shop       web');
  expect(printed[1]).toContain(`pharos: cannot ask ${url}/api/v1/autoscaling: ECONNREFUSED`);
});
