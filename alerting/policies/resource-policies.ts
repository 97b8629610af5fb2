import { type FieldProblem, fieldOf } from '../written-form.ts';
import type { AlertPolicy } from './policy.ts';
import { readResource } from './policy-resource.ts';
import type { PolicyOrigin, PolicySet } from './policy-set.ts';
import type { PolicyContext } from './read-policy.ts';

/** A Kubernetes resource as it was found. */
export interface PolicyResourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: unknown;
}

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

interface Known<O> {
  object: O;
  problems: readonly FieldProblem[];
  /** Of its present version, or as long as that is wrong of the last one that was not. */
  policy: AlertPolicy | undefined;
}

/** Problems that a status names; the others are counted. */
const MAX_NAMED = 10;

/**
 * The policies of a cluster's resources, each judged by itself. As long as the present version of a resource is wrong, its last good
 * one since the start stays in force: a slip of the pen must not end an alarm.
 */
export class ResourcePolicies<O extends PolicyResourceObject> {
  readonly #options: ResourcePoliciesOptions;
  readonly #origin: PolicyOrigin;
  #known: ReadonlyMap<string, Known<O>> = new Map();

  constructor(options: ResourcePoliciesOptions) {
    this.#options = options;
    this.#origin = `kubernetes/${options.cluster}`;
  }

  /** Takes over all resources that there are. */
  take(objects: readonly O[]): void {
    const counts = new Map<string, number>();
    const { namespaceLimit = 500 } = this.#options;
    this.#known = new Map(
      objects.map((object) => {
        const { namespace, name } = object.metadata;
        const key = `${object.kind}/${namespace}/${name}`;
        const count = (counts.get(namespace) ?? 0) + 1;
        counts.set(namespace, count);
        if (namespace !== '' && count > namespaceLimit) {
          const message = `expected at most ${namespaceLimit} AlertPolicies in a namespace, got more`;
          return [key, { object, problems: [{ path: ['metadata', 'namespace'], message }], policy: undefined }];
        }
        const before = this.#known.get(key);
        const isSame = before?.object === object && before.policy !== undefined;
        return [key, isSame ? before : this.#read(object, before?.policy)];
      }),
    );
    this.#tell();
  }

  /** Reads all of them anew, as when other receivers have come. */
  refresh(): void {
    this.#known = new Map([...this.#known].map(([key, { object, policy }]) => [key, this.#read(object, policy)]));
    this.#tell();
  }

  /** What has become of each, with the number of alerts that fire by the policy's id. */
  outcomes(firing: (id: string) => number | undefined): readonly ResourceOutcome<O>[] {
    const clashes = new Map(this.#options.set.clashes(this.#origin).map(({ policy, message }) => [policy, message]));
    return [...this.#known.values()].map(({ object, problems, policy }) => {
      const clash = policy === undefined ? undefined : clashes.get(policy);
      const count = policy === undefined || clash !== undefined ? undefined : firing(policy.id);
      if (problems.length > 0) {
        const effect = policy === undefined ? 'it is not evaluated' : 'its last good version stays in force';
        return { object, isAccepted: false, message: `${listed(problems)}; ${effect}`, firing: count };
      }
      const message = clash ?? (policy!.enabled ? 'it is evaluated' : 'it is not enabled');
      return { object, isAccepted: clash === undefined, message, firing: count };
    });
  }

  /** Its policies are none any more. */
  close(): void {
    this.#known = new Map();
    this.#tell();
  }

  #read(object: O, last: AlertPolicy | undefined): Known<O> {
    const { cluster, context } = this.#options;
    const { policy, problems } = readResource(object, { ...context(), cluster });
    return { object, problems, policy: policy ?? last };
  }

  #tell(): void {
    const policies = [...this.#known.values()].flatMap(({ policy }) => policy ?? []);
    this.#options.set.set(this.#origin, policies);
  }
}

function listed(problems: readonly FieldProblem[]): string {
  const named = problems.slice(0, MAX_NAMED).map(({ path, message }) => `${fieldOf(path)}: ${message}`);
  const more = problems.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
