import type { Condition, KubeObject, ObjectReference, Quantities } from './objects.ts';

/** Kubernetes' objects about volumes; see `objects.ts`. */
export interface PersistentVolumeClaim extends KubeObject {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
    readonly resources?: { readonly requests?: Quantities };
  };
  readonly status: {
    readonly phase?: string;
    readonly capacity?: Quantities;
    readonly conditions?: readonly Condition[];
  };
}

export interface PersistentVolume extends KubeObject {
  readonly spec: {
    readonly capacity?: Quantities;
    readonly storageClassName?: string;
    readonly volumeMode?: string;
    readonly persistentVolumeReclaimPolicy?: string;
    readonly claimRef?: ObjectReference;
    readonly gcePersistentDisk?: { readonly pdName?: string };
    readonly awsElasticBlockStore?: { readonly volumeID?: string };
    readonly azureDisk?: { readonly diskName?: string };
    readonly fc?: {
      readonly lun?: number;
      readonly targetWWNs?: readonly string[];
      readonly wwids?: readonly string[];
    };
    readonly iscsi?: {
      readonly targetPortal?: string;
      readonly iqn?: string;
      readonly lun?: number;
      readonly initiatorName?: string;
    };
    readonly nfs?: { readonly server?: string; readonly path?: string };
    readonly csi?: {
      readonly driver?: string;
      readonly volumeHandle?: string;
      readonly volumeAttributes?: Readonly<Record<string, string>>;
    };
    readonly local?: { readonly path?: string; readonly fsType?: string };
    readonly hostPath?: { readonly path?: string; readonly type?: string };
  };
  readonly status: { readonly phase?: string };
}

export interface StorageClass extends KubeObject {
  readonly provisioner?: string;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
}

export interface VolumeAttachment extends KubeObject {
  readonly spec: {
    readonly attacher?: string;
    readonly nodeName?: string;
    readonly source?: { readonly persistentVolumeName?: string };
  };
  readonly status: {
    readonly attached?: boolean;
    readonly attachmentMetadata?: Readonly<Record<string, string>>;
  };
}
