import type {
  CertificateSigningRequest,
  IngressClass,
  LimitRange,
  NetworkPolicy,
  PodDisruptionBudget,
  ResourceQuota,
  RoleBinding,
  ServiceAccount,
  WebhookConfiguration,
} from './policy-objects.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment } from './volume-objects.ts';

/**
 * Kubernetes' objects, as far as Pharos looks at them: the field names are the API's, and what is not declared here is not
 * kept in memory. Times are as the API writes them, RFC 3339; quantities too (`500m`, `1Gi`). Who needs one more field
 * declares it here and in the resource's shape in `resources.ts`, which decides what a cache keeps.
 */
export interface KubeObject {
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name: string;
  /** '' for what has none. */
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

/** A quantity may come as a number. */
export type Quantity = string | number;
export type Quantities = Readonly<Record<string, Quantity>>;

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status: PodStatus;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly schedulerName?: string;
  readonly restartPolicy?: string;
  readonly runtimeClassName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly operator?: string;
    readonly value?: string;
    readonly effect?: string;
    readonly tolerationSeconds?: number;
  }[];
  readonly overhead?: Quantities;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  /** Those that are claims; others are not kept. */
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  }[];
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly ContainerPort[];
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: string;
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly hostIP?: string;
  readonly startTime?: string;
  readonly qosClass?: string;
  readonly nominatedNodeName?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly imageID?: string;
  readonly containerID?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: {
    readonly reason?: string;
    readonly exitCode?: number;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  };
}

export interface Node extends KubeObject {
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly podCIDR?: string;
    readonly providerID?: string;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status: {
    readonly capacity?: Quantities;
    readonly allocatable?: Quantities;
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } };
    readonly nodeInfo?: Readonly<Record<string, string>>;
  };
}

export interface Namespace extends KubeObject {
  readonly status: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly selector?: LabelSelector;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxUnavailable?: Quantity; readonly maxSurge?: Quantity };
    };
  };
  readonly status: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly unavailableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly terminatingReplicas?: number;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface ReplicaSet extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status: {
    readonly replicas?: number;
    readonly fullyLabeledReplicas?: number;
    readonly readyReplicas?: number;
    readonly terminatingReplicas?: number;
    readonly observedGeneration?: number;
  };
}

export interface ReplicationController extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly selector?: Readonly<Record<string, string>> };
  readonly status: {
    readonly replicas?: number;
    readonly fullyLabeledReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
  };
}

export interface StatefulSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly ordinals?: { readonly start?: number };
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string; readonly whenScaled?: string };
  };
  readonly status: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly currentReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

export interface DaemonSet extends KubeObject {
  readonly status: {
    readonly currentNumberScheduled?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly numberMisscheduled?: number;
    readonly numberReady?: number;
    readonly numberUnavailable?: number;
    readonly updatedNumberScheduled?: number;
    readonly observedGeneration?: number;
  };
}

export interface Job extends KubeObject {
  readonly spec: {
    readonly parallelism?: number;
    readonly completions?: number;
    readonly activeDeadlineSeconds?: number;
    readonly suspend?: boolean;
  };
  readonly status: {
    readonly active?: number;
    readonly ready?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface CronJob extends KubeObject {
  readonly spec: {
    readonly schedule: string;
    readonly timeZone?: string;
    readonly concurrencyPolicy?: string;
    readonly suspend?: boolean;
    readonly startingDeadlineSeconds?: number;
    readonly successfulJobsHistoryLimit?: number;
    readonly failedJobsHistoryLimit?: number;
  };
  readonly status: {
    readonly active?: readonly { readonly name?: string }[];
    readonly lastScheduleTime?: string;
    readonly lastSuccessfulTime?: string;
  };
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly externalTrafficPolicy?: string;
    readonly loadBalancerIP?: string;
    readonly externalIPs?: readonly string[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly protocol?: string;
      readonly targetPort?: Quantity;
      readonly appProtocol?: string;
    }[];
  };
  readonly status: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

export interface ObjectReference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** What a component says about an object, in the API's version v1. */
export interface CoreEvent extends KubeObject {
  readonly involvedObject: ObjectReference;
  readonly reason?: string;
  readonly message?: string;
  readonly type?: string;
  readonly count?: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  /** With microseconds; what writes it counts repetitions in `series`. */
  readonly eventTime?: string;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly source?: { readonly component?: string; readonly host?: string };
  readonly reportingComponent?: string;
  readonly reportingInstance?: string;
}

export interface Endpoints extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: readonly EndpointPort[];
  }[];
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointPort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

export interface EndpointSlice extends KubeObject {
  readonly addressType: string;
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
    readonly hostname?: string;
    readonly nodeName?: string;
    readonly zone?: string;
    readonly hints?: { readonly forZones?: readonly { readonly name: string }[] };
    readonly targetRef?: ObjectReference;
    readonly deprecatedTopology?: Readonly<Record<string, string>>;
  }[];
  readonly ports?: readonly EndpointPort[];
}

export interface Ingress extends KubeObject {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: {
        readonly paths?: readonly {
          readonly path?: string;
          readonly pathType?: string;
          readonly backend?: {
            readonly service?: {
              readonly name: string;
              readonly port?: { readonly number?: number; readonly name?: string };
            };
            readonly resource?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
          };
        }[];
      };
    }[];
  };
}

/** autoscaling/v2. */
export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
    readonly metrics?: readonly MetricSpec[];
  };
  readonly status: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly observedGeneration?: number;
    readonly lastScaleTime?: string;
    readonly conditions?: readonly AutoscalerCondition[];
    readonly currentMetrics?: readonly MetricStatus[];
  };
}

export interface AutoscalerCondition extends Condition {
  readonly message?: string;
}

/** A custom or external metric. */
export interface MetricIdentifier {
  readonly name: string;
  /** Over the metric's labels. */
  readonly selector?: LabelSelector;
}

/** What an autoscaler aims at: the member that `type` names, with a small first letter. */
export interface MetricSpec {
  readonly type: string;
  readonly resource?: { readonly name: string; readonly target?: MetricValue };
  readonly containerResource?: { readonly name: string; readonly container?: string; readonly target?: MetricValue };
  readonly pods?: { readonly metric?: MetricIdentifier; readonly target?: MetricValue };
  readonly object?: {
    readonly metric?: MetricIdentifier;
    readonly describedObject?: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
    readonly target?: MetricValue;
  };
  readonly external?: { readonly metric?: MetricIdentifier; readonly target?: MetricValue };
}

/** What an autoscaler saw last. */
export interface MetricStatus {
  readonly type: string;
  readonly resource?: { readonly name: string; readonly current?: MetricValue };
  readonly containerResource?: { readonly name: string; readonly container?: string; readonly current?: MetricValue };
  readonly pods?: { readonly metric?: { readonly name: string }; readonly current?: MetricValue };
  readonly object?: { readonly metric?: { readonly name: string }; readonly current?: MetricValue };
  readonly external?: { readonly metric?: { readonly name: string }; readonly current?: MetricValue };
}

export interface MetricValue {
  readonly value?: Quantity;
  readonly averageValue?: Quantity;
  readonly averageUtilization?: number;
}

export interface Lease extends KubeObject {
  readonly spec: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** An object of Prometheus Operator, whose spec is kept whole: who reads it checks it. */
export interface OperatorObject extends KubeObject {
  readonly spec: unknown;
}

/** An alert policy: spec and status are kept whole. */
export interface PolicyResource extends OperatorObject {
  readonly status: unknown;
}

/** The resources that are watched, by their names in the API. A new one is added here and in `resources.ts`. */
export interface ObjectTypes {
  readonly pods: Pod;
  readonly nodes: Node;
  readonly namespaces: Namespace;
  readonly deployments: Deployment;
  readonly replicasets: ReplicaSet;
  readonly statefulsets: StatefulSet;
  readonly daemonsets: DaemonSet;
  readonly jobs: Job;
  readonly cronjobs: CronJob;
  readonly services: Service;
  readonly events: CoreEvent;
  readonly endpoints: Endpoints;
  readonly endpointslices: EndpointSlice;
  readonly ingresses: Ingress;
  readonly replicationcontrollers: ReplicationController;
  readonly horizontalpodautoscalers: HorizontalPodAutoscaler;
  readonly persistentvolumeclaims: PersistentVolumeClaim;
  readonly persistentvolumes: PersistentVolume;
  readonly storageclasses: StorageClass;
  readonly volumeattachments: VolumeAttachment;
  readonly resourcequotas: ResourceQuota;
  readonly limitranges: LimitRange;
  readonly poddisruptionbudgets: PodDisruptionBudget;
  readonly networkpolicies: NetworkPolicy;
  readonly leases: Lease;
  readonly certificatesigningrequests: CertificateSigningRequest;
  readonly serviceaccounts: ServiceAccount;
  readonly mutatingwebhookconfigurations: WebhookConfiguration;
  readonly validatingwebhookconfigurations: WebhookConfiguration;
  readonly ingressclasses: IngressClass;
  readonly rolebindings: RoleBinding;
  readonly clusterrolebindings: RoleBinding;
  /** Their metadata only. */
  readonly roles: KubeObject;
  readonly clusterroles: KubeObject;
  readonly configmaps: KubeObject;
  readonly secrets: KubeObject;
  readonly servicemonitors: OperatorObject;
  readonly podmonitors: OperatorObject;
  readonly probes: OperatorObject;
  readonly scrapeconfigs: OperatorObject;
  readonly prometheusrules: OperatorObject;
  readonly alertpolicies: PolicyResource;
  readonly clusteralertpolicies: PolicyResource;
  readonly autoscalingmetrics: PolicyResource;
  readonly clusterautoscalingmetrics: PolicyResource;
}

export type ResourceName = keyof ObjectTypes;
