import type { KubeObject } from '../../kube-object.ts';
import { keyOf, type Node, type Pod } from '../objects.ts';
import type { ControllerContext } from './controller-context.ts';
import { WorkQueue } from './work-queue.ts';

const CLAIMS = 'persistentvolumeclaims';
const VOLUMES = 'persistentvolumes';

interface Claim extends KubeObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  };
}

/** Makes a volume for each claim, in the zone of the pod that wants it, and takes it away with the claim. */
export class VolumeController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.clock, { delay: 400, reconcile: (key) => this.#reconcile(key) });
    context.onChange(CLAIMS, (claim, { gone }) => {
      const { volumeName } = (claim as Claim).spec;
      if (!gone) this.#queue.add(keyOf(claim));
      else if (volumeName !== undefined) context.store.delete(VOLUMES, '', volumeName);
    });
    context.onChange('pods', (object, { before }) => {
      const pod = object as Pod;
      if (pod.spec.nodeName === undefined || (before as Pod | undefined)?.spec.nodeName !== undefined) return;
      for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
        if (persistentVolumeClaim !== undefined)
          this.#queue.add(`${pod.metadata.namespace}/${persistentVolumeClaim.claimName}`);
      }
    });
  }

  #reconcile(key: string): void {
    const { index, store, random, bootstrapping } = this.#context;
    const claim = index.byKey<Claim>(CLAIMS, key);
    if (claim === undefined || claim.spec.volumeName !== undefined) return;
    const { name, namespace = '', uid, creationTimestamp } = claim.metadata;
    const className = claim.spec.storageClassName ?? 'standard';
    const storageClass = store.get('storageclasses.storage.k8s.io', '', className);
    const user = (store.list('pods', { namespace }) as readonly Pod[]).find(
      ({ spec }) =>
        spec.nodeName !== undefined && spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === name),
    );
    const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && user === undefined;
    if (storageClass === undefined || waits) return;
    const zone = index.get<Node>('nodes', '', user?.spec.nodeName ?? '')?.metadata.labels?.[
      'topology.kubernetes.io/zone'
    ];
    const volume = `pvc-${uid}`;
    const capacity = { storage: claim.spec.resources?.requests?.storage ?? '1Gi' };
    store.create(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name: volume,
        ...(bootstrapping && { creationTimestamp: creationTimestamp! }),
        ...(zone !== undefined && { labels: { 'topology.kubernetes.io/zone': zone } }),
        annotations: { 'pv.kubernetes.io/provisioned-by': String(storageClass.provisioner) },
      },
      spec: {
        accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
        capacity,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
        csi: { driver: String(storageClass.provisioner), fsType: 'ext4', volumeHandle: `vol-${random.hex(17)}` },
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
        storageClassName: className,
        volumeMode: 'Filesystem',
      },
      status: { phase: 'Bound' },
    });
    store.update(CLAIMS, {
      ...claim,
      spec: { ...claim.spec, volumeName: volume },
      status: { phase: 'Bound', accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'], capacity },
    });
  }
}
