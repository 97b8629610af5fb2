/** The real kubectl against the simulated API server: from PATH, or from PHAROS_KUBECTL, which can name several with colons. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../simulator/api/api-server.ts';
import { kubeconfigOf } from '../../simulator/api/kubeconfig.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import type { KubeObject } from '../../simulator/kube-object.ts';
import { ObjectStore } from '../../simulator/object-store.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { findKubectls, Kubectl } from './kubectl.ts';

const PROGRAMS = findKubectls(process.env);

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
  let kubectl: Kubectl;
  let server: ApiServer;
  let store: ObjectStore;

  beforeAll(async () => {
    kubectl = await Kubectl.create(program);
    await kubectl.write('web.yaml', DEPLOYMENT);
    return () => kubectl.close();
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
    for (const { user, token } of tokens) await kubectl.write(user, kubeconfigOf(server, token));
    for (const [resource, object] of objects()) store.create(resource, object);
    return () => server.close();
  });

  afterAll(async () => {
    await server?.close();
  });

  const run: Kubectl['run'] = (command, options) => kubectl.run(command, options);

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
    const watching = run('get pods -n web --watch -o name', { until: 'pod/late\n' });
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
      run('auth can-i list pods', { user: 'jane' }),
      run('auth can-i delete pods', { user: 'jane' }).catch((error: Error) => error.message),
      run('top nodes').catch((error: Error) => error.message),
    ]);
    expect(resources).toMatch(/^deployments deploy apps\/v1 true Deployment$/m);
    expect(resources).toMatch(/^servicemonitors smon monitoring.coreos.com\/v1 true ServiceMonitor$/m);
    expect(create).toContain('namespace/other created');
    expect(yes).toContain('yes');
    expect(no).toContain('no');
    expect(top).toContain('Metrics API not available');
    await expect(run('get secrets', { user: 'jane' })).rejects.toThrow(
      'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    server.expireToken('viewer');
    await expect(run('get pods', { user: 'jane' })).rejects.toThrow('You must be logged in to the server');
  });
});

describe.each(PROGRAMS)('%s against a simulated cluster', (program) => {
  let kubectl: Kubectl;
  let simulator: Simulator;

  beforeAll(async () => {
    kubectl = await Kubectl.create(program);
    simulator = await startSimulator({ tls: selfSigned(), nodes: 8, pods: 80, speed: 20 });
    await kubectl.write('admin', simulator.kubeconfig);
  });

  afterAll(async () => {
    await simulator?.close();
    await kubectl?.close();
  });

  it('shows nodes, pods, deployments and autoscalers', async () => {
    const kinds = ['nodes', 'pods -A', 'deployments -A', 'hpa -A', 'events -A', 'all -A'];
    const [nodes, pods, deployments, autoscalers] = await Promise.all(
      kinds.map((kind) => kubectl.run(`get ${kind} -o wide`)),
    );
    expect(nodes!.match(/ Ready (worker|control-plane|gpu|agent) /g)?.length).toBe(8);
    expect(pods!.split('\n').length).toBeGreaterThan(75);
    expect(deployments).toMatch(/ (\d+)\/\1 /);
    expect(autoscalers).toMatch(/ Deployment\/\S+ cpu: \d+%\/\d+% /);
  });

  it('scales a deployment without replacing its pods, and sees them go', async () => {
    const { metadata } = simulator.world.store.list('deployments.apps').find(isScaledByHand)!;
    const at = `${metadata.name} -n ${metadata.namespace}`;
    const owned = () =>
      simulator.world.store
        .list('replicasets.apps', { namespace: metadata.namespace })
        .filter(({ metadata: { ownerReferences = [] } }) => ownerReferences.some(({ uid }) => uid === metadata.uid))
        .length;
    const before = owned();
    await kubectl.run(`scale deployment ${at} --replicas=4`);
    expect(await kubectl.run(`rollout status deployment ${at} --timeout=12s`)).toContain('successfully rolled out');
    expect(owned()).toBe(before);
    const pods = await kubectl.run(`get pods -n ${metadata.namespace} -l app=${metadata.labels?.app} -o name`);
    const [first] = pods.split('\n');
    expect(await kubectl.run(`delete ${first} -n ${metadata.namespace}`)).toContain('deleted');
    await expect(kubectl.run(`get ${first} -n ${metadata.namespace}`)).rejects.toThrow('not found');
  });

  function isScaledByHand({ metadata, spec }: KubeObject): boolean {
    const scaled = simulator.world.store
      .list('horizontalpodautoscalers.autoscaling', { namespace: metadata.namespace })
      .map((autoscaler) => (autoscaler.spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name);
    const { replicas } = spec as { replicas: number };
    return metadata.labels?.app !== undefined && replicas > 0 && replicas < 4 && !scaled.includes(metadata.name);
  }
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
