import type { Logger } from 'pino';
import type { MetricDefinition } from '../alerting/autoscaling/expressions/metric-definition.ts';
import type { MetricDefaults } from '../alerting/autoscaling/expressions/read-metric.ts';
import { ResourceMetrics } from '../alerting/autoscaling/expressions/resource-metrics.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock/clock.ts';
import type { KubeCluster } from '../collector/kubernetes/kube-cluster.ts';
import {
  type PolicyObject,
  type PolicyObjectsOptions,
  policyObjects,
} from '../collector/kubernetes/operator/policy-objects.ts';

export interface ClusterMetricsOptions {
  readonly cluster: KubeCluster;
  /** Default: all AutoscalingMetrics and ClusterAutoscalingMetrics. */
  readonly selection?: PolicyObjectsOptions['selection'];
  /** The metrics of the configuration, whose names are taken. */
  readonly configured: () => readonly MetricDefinition[];
  readonly defaults?: MetricDefaults | undefined;
  /** Gets the definitions of all resources, without those of the configuration, when they have been listed and whenever they change. */
  readonly onMetrics: (definitions: readonly MetricDefinition[]) => void;
  /** Whether this instance is the one that writes statuses. */
  readonly isLeader: () => boolean;
  readonly logger: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Milliseconds for which changes are collected. Default 1,000. */
  readonly debounce?: number;
  /** Milliseconds after which it is looked at again whether to write statuses. Default 15,000. */
  readonly interval?: number;
}

export interface ClusterMetrics {
  /** The metrics of the configuration have changed. */
  refresh(): void;
  close(): Promise<void>;
}

/** Follows the named metrics that are resources of a cluster, and says in their status what has become of them. */
export function clusterMetrics(options: ClusterMetricsOptions): ClusterMetrics {
  const { cluster, selection, defaults, configured, onMetrics, isLeader, logger } = options;
  const { clock = SYSTEM_CLOCK, debounce, interval = 15_000 } = options;
  const resources = new ResourceMetrics<PolicyObject>({ defaults, configured });
  let cancel: () => void = () => undefined;
  const tell = (): void => {
    cancel();
    cancel = clock.schedule(interval, tell);
    if (isLeader()) objects.setStatus(resources.outcomes());
  };
  let isListed = false;
  const judge = (): void => {
    onMetrics(resources.definitions());
    tell();
  };
  const objects = policyObjects({
    cluster,
    resources: 'autoscalingmetrics',
    selection,
    clock,
    logger,
    ...(debounce !== undefined && { debounce }),
    onPolicies: (all) => {
      resources.take(all);
      isListed = true;
      judge();
    },
  });
  return {
    refresh: () => {
      if (isListed) judge();
    },
    async close() {
      cancel();
      await objects.close();
    },
  };
}
