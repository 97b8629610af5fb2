import type { KubeObject } from '../objects.ts';
import type { AllowedNames } from './allowed-names.ts';

/**
 * Says one series of a family about an object: its value, and the family's own labels as names and values in turn, besides
 * those that identify the object. An empty value is no label. Of equal label sets the first one counts.
 */
export type Emit = (value: number, ...labels: string[]) => void;

/** Names of an object's labels and annotations that may become labels of `kube_*_labels` and `kube_*_annotations`. */
export interface AllowedMetadata {
  readonly labels: AllowedNames;
  readonly annotations: AllowedNames;
}

/**
 * A metric that is computed from objects of one resource, under the name, with the labels and values of kube-state-metrics
 * 2.15: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics.
 */
export interface Family<T extends KubeObject> {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** As kube-state-metrics says it: whether the name and the labels may still change. */
  readonly stability: 'stable' | 'alpha';
  /** Whether it is there without being asked for. */
  readonly isDefault: boolean;
  /** Must depend on its arguments alone: it is asked again what an object gave before. */
  readonly generate: (object: T, emit: Emit, allowed: AllowedMetadata) => void;
}

export interface FamilyOptions {
  /** Default: stable. */
  readonly stability?: 'stable' | 'alpha';
  /** Only there when it is asked for. Default false. */
  readonly optIn?: boolean;
}

export function gauge<T extends KubeObject>(
  name: string,
  help: string,
  generate: Family<T>['generate'],
  { stability = 'stable', optIn = false }: FamilyOptions = {},
): Family<T> {
  return { name, help, type: 'gauge', stability, isDefault: !optIn, generate };
}

export function counter<T extends KubeObject>(
  name: string,
  help: string,
  generate: Family<T>['generate'],
  options?: FamilyOptions,
): Family<T> {
  return { ...gauge(name, help, generate, options), type: 'counter' };
}

/** Alpha, and only there when asked for. */
export const ALPHA_OPT_IN: FamilyOptions = { stability: 'alpha', optIn: true };
export const ALPHA: FamilyOptions = { stability: 'alpha' };
export const OPT_IN: FamilyOptions = { optIn: true };
