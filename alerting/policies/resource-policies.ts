import type { FoundResource } from '../resource-head.ts';
import { listedProblems, ResourceReadings } from '../resource-readings.ts';
import type { AlertPolicy } from './policy.ts';
import { readResource } from './policy-resource.ts';
import type { PolicyOrigin, PolicySet } from './policy-set.ts';
import type { PolicyContext } from './read-policy.ts';

/** What has become of a resource. */
export interface ResourceOutcome<O> {
  readonly object: O;
  readonly isAccepted: boolean;
  readonly message: string;
  readonly firing: number | undefined;
}

export interface ResourcePoliciesOptions {
  /** '' when it has no name. */
  readonly cluster: string;
  readonly set: PolicySet;
  readonly context: () => PolicyContext;
  /** AlertPolicies that a namespace may have; nobody can use up what there is for all. Default: 500. */
  readonly namespaceLimit?: number;
}

/**
 * The policies of a cluster's resources, each judged by itself. As long as the present version of a resource is wrong, its last good
 * one since the start stays in force: a slip of the pen must not end an alarm.
 */
export class ResourcePolicies<O extends FoundResource> {
  readonly #options: ResourcePoliciesOptions;
  readonly #origin: PolicyOrigin;
  readonly #readings: ResourceReadings<O, AlertPolicy>;

  constructor(options: ResourcePoliciesOptions) {
    const { cluster, context, namespaceLimit } = options;
    this.#options = options;
    this.#origin = `kubernetes/${cluster}`;
    this.#readings = new ResourceReadings({
      read: (object) => {
        const { policy, problems } = readResource(object, { ...context(), cluster });
        return { value: policy, problems };
      },
      namespaceLimit,
      what: 'AlertPolicies',
    });
  }

  /** Takes over all resources that there are. */
  take(objects: readonly O[]): void {
    this.#readings.take(objects);
    this.#tell();
  }

  /** Reads all of them anew, as when other receivers have come. */
  refresh(): void {
    this.#readings.refresh();
    this.#tell();
  }

  /** What has become of each, with the number of alerts that fire by the policy's id. */
  outcomes(firing: (id: string) => number | undefined): readonly ResourceOutcome<O>[] {
    const clashes = new Map(this.#options.set.clashes(this.#origin).map(({ policy, message }) => [policy, message]));
    return this.#readings.all.map(({ object, problems, value: policy }) => {
      const clash = policy === undefined ? undefined : clashes.get(policy);
      const count = policy === undefined || clash !== undefined ? undefined : firing(policy.id);
      if (problems.length > 0) {
        const effect = policy === undefined ? 'it is not evaluated' : 'its last good version stays in force';
        return { object, isAccepted: false, message: `${listedProblems(problems)}; ${effect}`, firing: count };
      }
      const message = clash ?? (policy!.enabled ? 'it is evaluated' : 'it is not enabled');
      return { object, isAccepted: clash === undefined, message, firing: count };
    });
  }

  /** Its policies are none any more. */
  close(): void {
    this.#readings.take([]);
    this.#tell();
  }

  #tell(): void {
    const policies = this.#readings.all.flatMap(({ value }) => value ?? []);
    this.#options.set.set(this.#origin, policies);
  }
}
