import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import type { KubeCluster } from '../kube-cluster.ts';
import type { OperatorObject } from '../objects.ts';
import { ObjectWatch } from './object-watch.ts';
import type { OperatorSelection } from './operator-selection.ts';

/** A PrometheusRule as it is: who evaluates rules checks them, each object by itself. */
export interface RuleObject {
  readonly namespace: string;
  readonly name: string;
  /** What stands in `spec.groups`, in the form of a rule file's `groups`; undefined when there is nothing. */
  readonly groups: unknown;
}

export interface RuleObjectsOptions {
  readonly cluster: KubeCluster;
  /**
   * Gets all objects, by namespace and name, whenever any differs, for the first time when they have been listed. An object
   * that has not changed is the same object as before. Must not throw.
   */
  readonly onRules: (objects: readonly RuleObject[]) => void;
  readonly logger: Logger;
  /** Default: all objects. */
  readonly selection?: Pick<OperatorSelection, 'namespaces' | 'ruleSelector' | 'ruleNamespaceSelector'> | undefined;
  readonly clock?: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce?: number;
}

/**
 * Reads the PrometheusRules of a cluster, where it has them. No failure to ask the cluster takes one away. Throws an Error
 * that names what is wrong with the selection. `close` ends it; what was given stays what it is.
 */
export function ruleObjects(options: RuleObjectsOptions): { close(): void } {
  const known = new Map<OperatorObject, RuleObject>();
  let given: readonly RuleObject[] | undefined;

  const look = (): void => {
    if (!watch.isReady) return;
    const present = new Set<OperatorObject>();
    for (const { object } of watch.objects()) {
      present.add(object);
      if (!known.has(object)) known.set(object, ruleObject(object));
    }
    for (const object of known.keys()) if (!present.has(object)) known.delete(object);
    const rules = [...known.values()].sort(byName);
    if (given !== undefined && rules.length === given.length && rules.every((rule, i) => rule === given![i])) return;
    given = rules;
    options.onRules(rules);
  };

  const watch = new ObjectWatch({
    cluster: options.cluster,
    resources: ['prometheusrules'],
    selection: options.selection ?? {},
    onChange: look,
    clock: options.clock ?? SYSTEM_CLOCK,
    debounce: options.debounce,
    syncTimeout: undefined,
    logger: options.logger,
  });
  return { close: () => watch.close() };
}

function ruleObject({ metadata, spec }: OperatorObject): RuleObject {
  const groups = (spec as { readonly groups?: unknown } | null | undefined)?.groups;
  return { namespace: metadata.namespace, name: metadata.name, groups };
}

function byName(a: RuleObject, b: RuleObject): number {
  const [x, y] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return x < y ? -1 : x > y ? 1 : 0;
}
