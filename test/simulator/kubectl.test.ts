/** The real kubectl against the simulated API server: from PATH, or from PHAROS_KUBECTL, which can name several with colons. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../../bench/contenders/contender.ts';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { kubeconfigOf } from '../../simulator/api/kubeconfig.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import type { KubeObject } from '../../simulator/kube-object.ts';
import { ObjectStore } from '../../simulator/object-store.ts';

const PROGRAMS = (process.env.PHAROS_KUBECTL ?? 'kubectl').split(':').flatMap((name) => findProgram([name]) ?? []);

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
`;

if (PROGRAMS.length === 0) {
  describe('kubectl', () => {
    it.skip('is not tried: there is none in PATH or in PHAROS_KUBECTL', () => {});
  });
}

describe.each(PROGRAMS)('%s against the simulated API server', (program) => {
  let directory: string;
  let server: ApiServer;
  let store: ObjectStore;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'pharos-kubectl-'));
    await writeFile(path.join(directory, 'web.yaml'), DEPLOYMENT);
    return () => rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    store = new ObjectStore({ now: Date.now });
    const proxy = async ({ kind, name, path }: { kind: string; name: string; path: string }) => ({
      status: 200,
      body: `${kind} ${name} ${path}\n`,
    });
    const tokens = [
      { token: 'admin', user: 'admin', groups: ['system:masters'] },
      {
        token: 'viewer',
        user: 'jane',
        allow: [{ verbs: ['get', 'list', 'watch'], groups: [''], resources: ['pods'] }],
      },
    ];
    server = await startApiServer({ store, tokens, tls: selfSigned(), now: Date.now, proxy });
    for (const { user, token } of tokens) await writeFile(path.join(directory, user), kubeconfigOf(server, token));
    for (const [resource, object] of objects()) store.create(resource, object);
    return () => server.close();
  });

  afterAll(async () => {
    await server?.close();
  });

  /**
   * What it prints, with blanks made single; rejects with what it says when it fails. `until` ends it once it has printed
   * that. An underscore stands for a blank within an argument.
   */
  function run(command: string, user = 'admin', until?: string): Promise<string> {
    const environment = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: path.join(directory, user) };
    const args = command.split(' ').map((argument) => argument.replaceAll('_', ' '));
    const child = spawn(program, args, { env: environment, cwd: directory });
    const timer = setTimeout(() => child.kill(), 15_000);
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      output += data;
      if (until !== undefined && output.includes(until)) child.kill();
    });
    child.stderr.on('data', (data) => (errors += data));
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (code) => {
        clearTimeout(timer);
        const done = code === 0 || (until !== undefined && output.includes(until));
        const text = (done ? output : output + errors).replace(/ +/g, ' ').replace(/ $/gm, '');
        if (done) resolve(text);
        else reject(new Error(`kubectl ${command} exited with ${code}: ${text}`));
      });
    });
  }

  it('gets nodes and pods, as tables, JSON and with selectors', async () => {
    const [nodes, pods, wide, selected, json, events] = await Promise.all([
      run('get nodes -o wide'),
      run('get pods -A'),
      run('get pods -n web -o wide'),
      run('get pods -A -l app=web,tier!=back --field-selector status.phase=Running -o name'),
      run('get pods -n web -o json'),
      run('get events -n web'),
    ]);
    expect(nodes).toMatch(
      /^NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME$/m,
    );
    expect(nodes).toMatch(/^n1 Ready worker \S+ v1.34.2 10.0.0.1 <none> Linux 6.1 containerd:\/\/2.0$/m);
    expect(pods).toMatch(
      /^NAMESPACE NAME READY STATUS RESTARTS AGE\nweb web-1 1\/1 Running 3 \(\S+ ago\) \S+\nweb web-2 0\/1 CrashLoopBackOff 0/m,
    );
    expect(wide).toMatch(/IP NODE NOMINATED NODE READINESS GATES\nweb-1 .* 10.1.0.1 n1 <none> <none>/);
    expect(selected).toBe('pod/web-1\n');
    expect(JSON.parse(json).items.map(({ kind, metadata }: KubeObject) => `${kind} ${metadata.name}`)).toEqual([
      'Pod web-1',
      'Pod web-2',
    ]);
    expect(events).toMatch(/Warning BackOff pod\/web-2 Back-off restarting/);
  });

  it('describes pods and nodes', async () => {
    const [pod, node, logs, raw] = await Promise.all([
      run('describe pod web-2 -n web'),
      run('describe node n1'),
      run('logs web-1 -n web'),
      run('get --raw /api/v1/nodes/n1/proxy/metrics/cadvisor'),
    ]);
    expect(pod).toMatch(/Reason: CrashLoopBackOff/);
    expect(pod).toMatch(/Events:[\s\S]*BackOff/);
    expect(node).toMatch(/Non-terminated Pods: \(2 in total\)[\s\S]*web web-1 100m \(2%\)/);
    expect(logs).toBe('node n1 /containerLogs/web/web-1/main\n');
    expect(raw).toBe('node n1 /metrics/cadvisor\n');
  });

  it('applies, scales, patches and deletes', async () => {
    expect(await run('apply -f web.yaml')).toMatch(
      /deployment.apps\/web created\nservice\/web created\nhorizontal\S+\/web created/,
    );
    expect(await run('apply -f web.yaml')).toContain('deployment.apps/web unchanged');
    await run('scale deployment web -n web --replicas=4');
    await run('set image -n web deployment/web main=web:2');
    const nothing = 'patch deployment web -n web --type=json -p [{"op":"remove","path":"/spec/minReadySeconds"}]';
    await expect(run(nothing)).rejects.toThrow('is invalid');
    const args = '{"spec":{"template":{"spec":{"containers":[{"name":"main","args":["x"]}]}}}}';
    await run(`patch deployment web -n web -p ${args}`);
    await run('annotate deployment web -n web a=b');
    const { metadata, spec } = store.get('deployments.apps', 'web', 'web') as KubeObject & { spec: object };
    expect(metadata).toMatchObject({ generation: 4, annotations: { a: 'b' } });
    expect(spec).toMatchObject({
      replicas: 4,
      template: {
        spec: { containers: [{ name: 'main', image: 'web:2', args: ['x'], imagePullPolicy: 'IfNotPresent' }] },
      },
    });
    const [deployments, autoscalers, services] = await Promise.all([
      run('get deployments -n web -o wide'),
      run('get hpa -n web'),
      run('get services -n web'),
    ]);
    expect(deployments).toMatch(
      /^NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR\nweb 0\/4 0 0 \S+ main web:2 app=web$/m,
    );
    expect(autoscalers).toMatch(/^web Deployment\/web (cpu: )?<unknown>\/80% 1 5 0 /m);
    expect(services).toMatch(/^web ClusterIP 10\.96\.\d+\.\d+ <none> 80\/TCP /m);
    expect(await run('delete -f web.yaml')).toContain('deployment.apps "web" deleted');
    expect(await run('delete pod web-1 -n web')).toContain('pod "web-1" deleted');
    await expect(run('get pod web-1 -n web')).rejects.toThrow('pods "web-1" not found');
  });

  it('applies on the server’s side', async () => {
    expect(await run('apply --server-side -f web.yaml')).toContain('deployment.apps/web serverside-applied');
    await expect(run('apply --server-side --field-manager=other -f web.yaml')).resolves.toContain('serverside-applied');
    const { metadata } = store.get('deployments.apps', 'web', 'web')!;
    const managers = (metadata as unknown as { managedFields: { manager: string }[] }).managedFields;
    expect(managers.map(({ manager }) => manager)).toEqual(['kubectl', 'other']);
  });

  it('watches', async () => {
    const watching = run('get pods -n web --watch -o name', 'admin', 'pod/late\n');
    const adding = setInterval(() => {
      if (server.watchFigures.running === 0 || store.get('pods', 'web', 'late') !== undefined) return;
      store.create('pods', pod('late', { phase: 'Pending' }));
    }, 20);
    const shown = await watching.finally(() => clearInterval(adding));
    expect(shown).toBe('pod/web-1\npod/web-2\npod/late\n');
  });

  it('asks what there is and what it may do', async () => {
    const [resources, create, yes, no, top] = await Promise.all([
      run('api-resources'),
      run('create namespace other'),
      run('auth can-i list pods', 'jane'),
      run('auth can-i delete pods', 'jane').catch((error: Error) => error.message),
      run('top nodes').catch((error: Error) => error.message),
    ]);
    expect(resources).toMatch(/^deployments deploy apps\/v1 true Deployment$/m);
    expect(resources).toMatch(/^servicemonitors smon monitoring.coreos.com\/v1 true ServiceMonitor$/m);
    expect(create).toContain('namespace/other created');
    expect(yes).toContain('yes');
    expect(no).toContain('no');
    expect(top).toContain('Metrics API not available');
    await expect(run('get secrets', 'jane')).rejects.toThrow(
      'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    server.expireToken('viewer');
    await expect(run('get pods', 'jane')).rejects.toThrow('You must be logged in to the server');
  });
});

function pod(name: string, status: object): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'web', name, uid: `uid-${name}`, labels: { app: 'web' } },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }] },
    status,
  };
}

function objects(): readonly (readonly [resource: string, object: KubeObject])[] {
  const namespace = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const finishedAt = new Date(Date.now() - 60_000).toISOString();
  const running = { name: 'main', image: 'web:1', imageID: '', ready: true, restartCount: 3, state: { running: {} } };
  const waiting = { ...running, ready: false, restartCount: 0, state: { waiting: { reason: 'CrashLoopBackOff' } } };
  const containerStatuses = [{ ...running, lastState: { terminated: { exitCode: 1, finishedAt } } }];
  return [
    ['namespaces', namespace('default')],
    ['namespaces', namespace('web')],
    [
      'nodes',
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/worker': '' } },
        spec: {},
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
          capacity: { cpu: '4', memory: '8Gi', pods: '110' },
          allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
          nodeInfo: {
            kubeletVersion: 'v1.34.2',
            osImage: 'Linux',
            kernelVersion: '6.1',
            containerRuntimeVersion: 'containerd://2.0',
          },
        },
      },
    ],
    ['pods', pod('web-1', { phase: 'Running', podIP: '10.1.0.1', containerStatuses })],
    ['pods', pod('web-2', { phase: 'Pending', containerStatuses: [waiting] })],
    [
      'events',
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace: 'web', name: 'web-2.1' },
        involvedObject: { kind: 'Pod', namespace: 'web', name: 'web-2', uid: 'uid-web-2' },
        type: 'Warning',
        reason: 'BackOff',
        message: 'Back-off restarting failed container',
        firstTimestamp: finishedAt,
        lastTimestamp: finishedAt,
        count: 1,
      },
    ],
  ];
}
