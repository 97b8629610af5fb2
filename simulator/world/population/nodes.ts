import { rfc3339 } from '../../object-store.ts';
import type { Node } from '../objects.ts';
import type { Random } from '../random.ts';

/** A kind of machine that one can rent. */
export interface InstanceType {
  readonly name: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly gpus: number;
}

const WORKERS: readonly InstanceType[] = [
  { name: 'standard.2xlarge', cores: 8, memory: 32, gpus: 0 },
  { name: 'standard.4xlarge', cores: 16, memory: 64, gpus: 0 },
  { name: 'memory.2xlarge', cores: 8, memory: 64, gpus: 0 },
  { name: 'compute.4xlarge', cores: 16, memory: 32, gpus: 0 },
];
const CONTROL_PLANE: InstanceType = { name: 'standard.xlarge', cores: 4, memory: 16, gpus: 0 };
const GPU: InstanceType = { name: 'gpu.8xlarge', cores: 32, memory: 128, gpus: 4 };
const VIRTUAL: InstanceType = { name: 'serverless', cores: 400, memory: 1600, gpus: 0 };

export const ZONES = ['zone-a', 'zone-b', 'zone-c'] as const;
export const REGION = 'region-1';
/** Bytes of a node's root filesystem. */
export const ROOT_DISK = 100 * 2 ** 30;
const DAY = 86_400_000;

export interface NodePlan {
  readonly node: Node;
  readonly role: 'control-plane' | 'worker' | 'gpu' | 'virtual';
}

export interface NodePlanOptions {
  readonly count: number;
  readonly now: number;
  readonly random: Random;
  /** Ports at which the kubelets of the first nodes listen on 127.0.0.1 themselves. */
  readonly ports?: readonly number[];
}

/** The nodes of a cluster: 3 control-plane nodes (1 below six nodes), 2 with GPUs and a virtual one from ten on. */
export function planNodes({ count, now, random, ports }: NodePlanOptions): NodePlan[] {
  const controlPlanes = count >= 6 ? 3 : 1;
  const gpus = count >= 10 ? 2 : 0;
  const virtuals = count >= 10 ? 1 : 0;
  const plans: NodePlan[] = [];
  for (let i = 0; i < count; i++) {
    const role =
      i < controlPlanes
        ? 'control-plane'
        : i < controlPlanes + gpus
          ? 'gpu'
          : i < controlPlanes + gpus + virtuals
            ? 'virtual'
            : 'worker';
    const number = plans.filter((plan) => plan.role === role).length + 1;
    const name = nameOf(role, number);
    plans.push({ role, node: makeNode({ role, name, ordinal: i, now, random, port: ports?.[i] }) });
  }
  return plans;
}

function nameOf(role: NodePlan['role'], number: number): string {
  const digits = String(number).padStart(2, '0');
  return role === 'virtual'
    ? `virtual-node-${digits}`
    : role === 'control-plane'
      ? `control-plane-${digits}`
      : `${role}-${digits}`;
}

export interface NodeSpec {
  readonly role: NodePlan['role'];
  readonly name: string;
  /** Decides addresses, zone and instance type. */
  readonly ordinal: number;
  readonly now: number;
  readonly random: Random;
  readonly port?: number | undefined;
}

export function makeNode({ role, name, ordinal, now, random, port }: NodeSpec): Node {
  const instance =
    role === 'control-plane'
      ? CONTROL_PLANE
      : role === 'gpu'
        ? GPU
        : role === 'virtual'
          ? VIRTUAL
          : WORKERS[ordinal % WORKERS.length]!;
  const zone = ZONES[ordinal % ZONES.length]!;
  const created = rfc3339(now - DAY * (role === 'control-plane' ? 120 : random.between(2, 110)));
  const crio = role === 'worker' && ordinal % 4 === 3;
  const address = port === undefined ? `10.0.${(ordinal + 10) >> 8}.${(ordinal + 10) & 255}` : '127.0.0.1';
  const memory = instance.memory * 2 ** 20 - 380_000;
  const capacity = {
    cpu: String(instance.cores),
    'ephemeral-storage': `${ROOT_DISK / 1024}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${memory}Ki`,
    pods: role === 'virtual' ? '1000' : '110',
    ...(instance.gpus > 0 && { 'nvidia.com/gpu': String(instance.gpus) }),
  };
  const taints = [
    ...(role === 'control-plane' ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : []),
    ...(role === 'gpu' ? [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] : []),
    ...(role === 'virtual' ? [{ key: 'virtual-kubelet.io/provider', value: 'serverless', effect: 'NoSchedule' }] : []),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      creationTimestamp: created,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': instance.name,
        'topology.kubernetes.io/region': REGION,
        'topology.kubernetes.io/zone': zone,
        ...(role === 'control-plane' && { 'node-role.kubernetes.io/control-plane': '' }),
        ...(role === 'gpu' && { 'node-role.kubernetes.io/gpu': '', 'nvidia.com/gpu.present': 'true' }),
        ...(role === 'worker' && { 'node-role.kubernetes.io/worker': '' }),
        ...(role === 'virtual' && { type: 'virtual-kubelet', 'kubernetes.io/role': 'agent' }),
      },
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: {
      podCIDR: `10.${64 + (ordinal >> 8)}.${ordinal & 255}.0/24`,
      podCIDRs: [`10.${64 + (ordinal >> 8)}.${ordinal & 255}.0/24`],
      providerID: `simulation://${zone}/i-${random.hex(12)}`,
      ...(taints.length > 0 && { taints }),
    } as Node['spec'],
    status: {
      capacity,
      allocatable: {
        ...capacity,
        cpu: `${instance.cores * 1000 - 100}m`,
        memory: `${memory - 600 * 1024}Ki`,
        'ephemeral-storage': String(Math.floor(ROOT_DISK * 0.9)),
      },
      conditions: [],
      addresses: [
        { type: 'InternalIP', address },
        // Of ten workers one has a leg in the Internet (an address of documentation, RFC 5737).
        ...(role === 'worker' && /1$/.test(name)
          ? [{ type: 'ExternalIP', address: `203.0.113.${(Number(/\d+$/.exec(name)?.[0] ?? 1) % 250) + 2}` }]
          : []),
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: port ?? 10250 } },
      nodeInfo: {
        machineID: random.hex(32),
        systemUUID: random.uid(),
        bootID: random.uid(),
        kernelVersion: role === 'virtual' ? '' : '6.1.0-28-cloud-amd64',
        osImage: role === 'virtual' ? '' : 'Debian GNU/Linux 12 (bookworm)',
        containerRuntimeVersion: role === 'virtual' ? '' : crio ? 'cri-o://1.33.2' : 'containerd://1.7.27',
        kubeletVersion: role === 'virtual' ? 'v1.33.4-vk' : 'v1.33.4',
        kubeProxyVersion: role === 'virtual' ? '' : 'v1.33.4',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
      images: [],
    },
  };
}
