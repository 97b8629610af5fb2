import type { Condition, KubeObject, ObjectReference, Quantities } from './objects.ts';

/** Kubernetes' objects about what is allowed, and to whom; see `objects.ts`. */
export interface ResourceQuota extends KubeObject {
  readonly status: { readonly hard?: Quantities; readonly used?: Quantities };
}

export interface LimitRange extends KubeObject {
  readonly spec: {
    readonly limits?: readonly {
      readonly type: string;
      readonly min?: Quantities;
      readonly max?: Quantities;
      readonly default?: Quantities;
      readonly defaultRequest?: Quantities;
      readonly maxLimitRequestRatio?: Quantities;
    }[];
  };
}

export interface PodDisruptionBudget extends KubeObject {
  readonly status: {
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly disruptionsAllowed?: number;
    readonly expectedPods?: number;
    readonly observedGeneration?: number;
  };
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: { readonly ingress?: readonly unknown[]; readonly egress?: readonly unknown[] };
}

export interface CertificateSigningRequest extends KubeObject {
  readonly spec: { readonly signerName?: string };
  readonly status: {
    /** Base64. */
    readonly certificate?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface ServiceAccount extends KubeObject {
  readonly automountServiceAccountToken?: boolean;
  readonly secrets?: readonly { readonly name?: string }[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
}

/** A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig?: { readonly service?: { readonly name: string; readonly namespace: string } };
  }[];
}

/** A RoleBinding or a ClusterRoleBinding. */
export interface RoleBinding extends KubeObject {
  readonly roleRef: Pick<ObjectReference, 'kind' | 'name'>;
}

export interface IngressClass extends KubeObject {
  readonly spec: { readonly controller?: string };
}
