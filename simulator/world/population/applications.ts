import type { ProfileName } from '../load/profile.ts';
import type { Quantities } from '../quantity.ts';
import type { Random } from '../random.ts';

/** A workload of the users, before it becomes objects. */
export interface Application {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'Job' | 'CronJob';
  readonly replicas: number;
  readonly profile: ProfileName;
  readonly requests?: Quantities;
  readonly limits?: Quantities;
  /** What a replica serves at the CPU it requests; 0 serves nothing. */
  readonly requestsPerReplica?: number;
  /** Of a StatefulSet, each pod's claim. */
  readonly storage?: string;
  readonly schedule?: string;
  readonly concurrencyPolicy?: string;
  /** Of a batch, seconds. */
  readonly duration?: number;
  readonly failures?: number;
  readonly sidecar?: boolean;
  readonly init?: boolean;
  /** Annotated for scraping. */
  readonly scraped?: boolean;
  readonly ingress?: boolean;
  readonly hpa?: HpaPlan;
  readonly pdb?: boolean;
  /** ReplicaSets of earlier rollouts. */
  readonly history?: number;
  readonly gpus?: number;
  readonly virtual?: boolean;
  readonly leakSeconds?: number;
  /** Length of the waves in which its users come. */
  readonly waveSeconds?: number;
}

/** An autoscaler of the Deployment. */
export interface HpaPlan {
  readonly kind: 'Resource' | 'ContainerResource' | 'Pods' | 'Object' | 'External';
  readonly min: number;
  readonly max: number;
  /** Whether it follows the load within a minute rather than five. */
  readonly quick?: boolean;
}

/** Seconds of the waves in which users come to some applications, so that their autoscalers always have something to do. */
const WAVE_SECONDS = 600;

const SMALL = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } };
const MEDIUM = { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } };
const LARGE = { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } };
const STORE = { requests: { cpu: '250m', memory: '1Gi' }, limits: { memory: '2Gi' } };

/** What every cluster has, with each kind of thing at least once; the most important first. */
const SHOWCASE: readonly Application[] = [
  web('shop', 'frontend', 6, {
    ...MEDIUM,
    hpa: { kind: 'Resource', min: 4, max: 16 },
    ingress: true,
    pdb: true,
    history: 3,
  }),
  web('shop', 'checkout', 4, {
    ...MEDIUM,
    hpa: { kind: 'Pods', min: 2, max: 12 },
    pdb: true,
    sidecar: true,
    history: 2,
  }),
  {
    namespace: 'shop',
    name: 'shop-db',
    kind: 'StatefulSet',
    replicas: 3,
    profile: 'database',
    ...STORE,
    storage: '20Gi',
    pdb: true,
  },
  {
    namespace: 'data',
    name: 'hourly-report',
    kind: 'CronJob',
    replicas: 0,
    profile: 'batch',
    schedule: '*/5 * * * *',
    duration: 90,
    ...MEDIUM,
  },
  {
    namespace: 'ml',
    name: 'inference',
    kind: 'Deployment',
    replicas: 2,
    profile: 'gpu',
    gpus: 1,
    requests: { cpu: '2', memory: '8Gi' },
    limits: { cpu: '4', memory: '16Gi' },
  },
  { namespace: 'legacy', name: 'monolith', kind: 'Deployment', replicas: 2, profile: 'steady', sidecar: true },
  { namespace: 'ci', name: 'nightly-build', kind: 'Job', replicas: 1, profile: 'batch', duration: 5400, ...LARGE },
  web('shop', 'cart', 3, { ...SMALL, init: true, history: 1 }),
  web('shop', 'catalogue', 4, { ...MEDIUM, ingress: true }),
  web('shop', 'recommendation', 3, { ...SMALL, profile: 'leak', leakSeconds: 14_400 }),
  {
    namespace: 'shop',
    name: 'session-cache',
    kind: 'StatefulSet',
    replicas: 2,
    profile: 'cache',
    requests: { cpu: '100m', memory: '512Mi' },
    limits: { memory: '1Gi' },
  },
  web('payments', 'gateway', 4, {
    requests: { cpu: '500m', memory: '512Mi' },
    limits: { cpu: '500m', memory: '512Mi' },
    pdb: true,
    ingress: true,
    history: 2,
  }),
  {
    namespace: 'payments',
    name: 'ledger',
    kind: 'Deployment',
    replicas: 3,
    profile: 'worker',
    requests: { cpu: '300m', memory: '384Mi' },
  },
  {
    namespace: 'payments',
    name: 'fraud-detector',
    kind: 'Deployment',
    replicas: 2,
    profile: 'worker',
    limits: { memory: '768Mi' },
  },
  {
    namespace: 'payments',
    name: 'payments-db',
    kind: 'StatefulSet',
    replicas: 2,
    profile: 'database',
    ...STORE,
    storage: '50Gi',
  },
  web('search', 'api', 4, { ...MEDIUM, hpa: { kind: 'Resource', min: 3, max: 10 }, ingress: true }),
  { namespace: 'search', name: 'indexer', kind: 'Deployment', replicas: 3, profile: 'worker', ...LARGE, history: 1 },
  {
    namespace: 'search',
    name: 'index',
    kind: 'StatefulSet',
    replicas: 3,
    profile: 'database',
    ...STORE,
    storage: '100Gi',
  },
  {
    namespace: 'ml',
    name: 'trainer',
    kind: 'Job',
    replicas: 1,
    profile: 'gpu',
    gpus: 2,
    duration: 20_000,
    requests: { cpu: '4', memory: '16Gi' },
    limits: { cpu: '8', memory: '32Gi' },
  },
  {
    namespace: 'ml',
    name: 'notebook',
    kind: 'StatefulSet',
    replicas: 1,
    profile: 'steady',
    requests: { cpu: '500m', memory: '1Gi' },
    storage: '10Gi',
  },
  {
    namespace: 'data',
    name: 'kafka',
    kind: 'StatefulSet',
    replicas: 3,
    profile: 'database',
    ...STORE,
    storage: '100Gi',
    pdb: true,
  },
  {
    namespace: 'data',
    name: 'stream-processor',
    kind: 'Deployment',
    replicas: 4,
    profile: 'worker',
    ...MEDIUM,
    hpa: { kind: 'Pods', min: 2, max: 10 },
  },
  {
    namespace: 'data',
    name: 'burst-worker',
    kind: 'Deployment',
    replicas: 2,
    profile: 'worker',
    ...MEDIUM,
    virtual: true,
  },
  {
    namespace: 'data',
    name: 'nightly-export',
    kind: 'CronJob',
    replicas: 0,
    profile: 'batch',
    schedule: '15 2 * * *',
    duration: 1200,
    ...LARGE,
  },
  { namespace: 'ci', name: 'runner', kind: 'Deployment', replicas: 3, profile: 'worker', requests: { cpu: '200m' } },
  {
    namespace: 'ci',
    name: 'cleanup',
    kind: 'CronJob',
    replicas: 0,
    profile: 'batch',
    schedule: '*/10 * * * *',
    duration: 40,
    failures: 0.2,
    concurrencyPolicy: 'Forbid',
  },
  wave('search', 'ContainerResource'),
  wave('booking', 'Pods'),
  wave('gateway', 'Object'),
  { ...wave('mailer', 'External'), profile: 'worker' },
];

function wave(name: string, kind: HpaPlan['kind']): Application {
  const hpa = { kind, min: 2, max: 12, quick: true };
  return web('travel', name, 6, { ...SMALL, hpa, waveSeconds: WAVE_SECONDS });
}

const NAMESPACES = [
  'shop',
  'payments',
  'search',
  'data',
  'ci',
  'web',
  'mobile',
  'logistics',
  'crm',
  'billing',
  'media',
  'geo',
];
const NOUNS = [
  'orders',
  'users',
  'mail',
  'pricing',
  'stock',
  'reviews',
  'images',
  'routes',
  'invoices',
  'alerts',
  'tokens',
  'audit',
  'quotes',
  'events',
  'maps',
  'feeds',
];
const SUFFIXES = ['api', 'backend', 'gateway', 'worker', 'sync', 'proxy', 'admin', 'web'];

/** Workloads with so many pods in all, not counting those of CronJobs. The same for the same generator. */
export function planApplications({
  pods,
  nodes,
  random,
}: {
  readonly pods: number;
  readonly nodes: number;
  readonly random: Random;
}): Application[] {
  const plan: Application[] = [];
  let left = pods;
  for (const application of SHOWCASE) {
    if ((application.gpus !== undefined || application.virtual === true) && nodes < 10) continue;
    if (application.replicas > left) continue;
    plan.push(application);
    left -= application.replicas;
  }
  const names = new Set(plan.map(({ namespace, name }) => `${namespace}/${name}`));
  const namespaces = Math.max(8, Math.ceil(pods / 60));
  const scale = Math.max(1, Math.min(4, pods / 2500));
  for (let number = 1; left > 0; number++) {
    const index = random.integer(0, namespaces - 1);
    const base = NAMESPACES[index % NAMESPACES.length]!;
    const namespace = index < NAMESPACES.length ? base : `${base}-${Math.floor(index / NAMESPACES.length) + 1}`;
    let name = `${random.pick(NOUNS)}-${random.pick(SUFFIXES)}`;
    if (names.has(`${namespace}/${name}`)) name = `${name}-${number}`;
    names.add(`${namespace}/${name}`);
    const replicas = Math.min(left, Math.ceil(random.pick([1, 2, 2, 3, 3, 4, 5, 8]) * scale));
    plan.push(draw({ namespace, name, replicas, random }));
    left -= replicas;
  }
  return plan;
}

function draw({
  namespace,
  name,
  replicas,
  random,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly random: Random;
}): Application {
  const size = random.pick([SMALL, SMALL, MEDIUM, MEDIUM, LARGE]);
  const chance = random.next();
  const history = random.integer(0, 3);
  if (chance < 0.66) {
    const hpa = random.chance(0.25)
      ? { hpa: { kind: 'Resource' as const, min: Math.max(1, Math.floor(replicas / 2)), max: replicas * 3 } }
      : {};
    const sidecar = random.chance(0.2);
    return web(namespace, name, replicas, {
      ...size,
      history,
      sidecar,
      scraped: random.chance(0.5),
      ingress: random.chance(0.3),
      ...hpa,
      pdb: replicas > 2 && random.chance(0.5),
    });
  }
  if (chance < 0.84) {
    const resources = random.pick([size, size, { requests: size.requests }, { limits: { memory: '512Mi' } }, {}]);
    return {
      namespace,
      name,
      kind: 'Deployment',
      replicas,
      profile: 'worker',
      ...resources,
      history,
      init: random.chance(0.2),
    };
  }
  const storage = `${random.pick([5, 10, 20, 50])}Gi`;
  if (chance < 0.93) return { namespace, name, kind: 'StatefulSet', replicas, profile: 'database', ...STORE, storage };
  return {
    namespace,
    name,
    kind: 'StatefulSet',
    replicas,
    profile: 'cache',
    requests: size.requests,
    limits: { memory: '1Gi' },
  };
}

function web(namespace: string, name: string, replicas: number, more: Partial<Application>): Application {
  return {
    namespace,
    name,
    kind: 'Deployment',
    replicas,
    profile: 'web',
    requestsPerReplica: 40,
    scraped: true,
    ...more,
  };
}
