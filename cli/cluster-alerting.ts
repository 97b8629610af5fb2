import type { Logger } from 'pino';
import type { RuleObjects } from '../alerting/rules/rule-objects.ts';
import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import type { KubeClusters } from '../collector/kubernetes/kube-clusters.ts';
import { ruleObjects } from '../collector/kubernetes/operator/rule-objects.ts';
import { sameConfig } from '../collector/same-config.ts';
import { type ClusterPolicies, type ClusterPoliciesOptions, clusterPolicies } from './cluster-policies.ts';

export interface ClusterAlertingOptions extends Omit<ClusterPoliciesOptions, 'cluster' | 'selection' | 'clock'> {
  readonly clusters: KubeClusters;
  readonly rules: RuleObjects;
  readonly logger: Logger;
}

interface Followed {
  readonly access: KubeAccess;
  /** Whether its PrometheusRules have been listed. */
  isListed: boolean;
  /** Undefined while the cluster cannot be opened. */
  policies: ClusterPolicies | undefined;
  close(isGone: boolean): Promise<void>;
}

const RETRY = 30_000;

/** The PrometheusRules and alert policies of Kubernetes clusters. */
export class ClusterAlerting {
  readonly #options: ClusterAlertingOptions;
  #followed: readonly Followed[] = [];

  constructor(options: ClusterAlertingOptions) {
    this.#options = options;
  }

  /** Follows these clusters. Rules and policies of one that is not among them any more are gone. */
  async apply(accesses: readonly KubeAccess[]): Promise<void> {
    const before = this.#followed;
    const kept = before.filter(({ access }) => accesses.some((other) => sameConfig(other, access)));
    const added = accesses.filter((access) => !before.some((other) => sameConfig(other.access, access)));
    this.#followed = [...kept, ...added.map((access) => this.#follow(access))];
    await Promise.all(before.filter((each) => !kept.includes(each)).map((each) => each.close(true)));
  }

  /** Whether the PrometheusRules of all of them have been listed: a cluster that has not answered yet may still have some. */
  get isComplete(): boolean {
    return this.#followed.every(({ isListed }) => isListed);
  }

  /** The receivers that there are have changed. */
  refresh(): void {
    for (const { policies } of this.#followed) policies?.refresh();
  }

  /** Ends it; rules and policies stay what they are. */
  async close(): Promise<void> {
    const followed = this.#followed;
    this.#followed = [];
    await Promise.all(followed.map((each) => each.close(false)));
  }

  #follow(access: KubeAccess): Followed {
    const { clusters, rules, logger } = this.#options;
    let isClosed = false;
    let retry: NodeJS.Timeout | undefined;
    let end: (isGone: boolean) => Promise<void> = async () => undefined;
    const followed: Followed = {
      access,
      isListed: false,
      policies: undefined,
      async close(isGone) {
        isClosed = true;
        clearTimeout(retry);
        await opening;
        await end(isGone);
      },
    };
    const open = async (): Promise<void> => {
      try {
        const { cluster, close } = await clusters.open(access);
        const objects = ruleObjects({
          cluster,
          onRules: (found) => {
            rules.update(cluster.name, found);
            followed.isListed = true;
          },
          logger,
        });
        const policies = clusterPolicies({ ...this.#options, cluster });
        followed.policies = policies;
        end = async (isGone) => {
          objects.close();
          if (isGone) rules.update(cluster.name, []);
          await policies.close({ isGone });
          close();
        };
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        logger.error(`rules and alert policies of a cluster cannot be followed, it is tried again: ${message}`);
        if (!isClosed) retry = setTimeout(() => (opening = open()), RETRY).unref();
      }
    };
    let opening = open();
    return followed;
  }
}
