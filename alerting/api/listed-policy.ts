import type { AlertPolicy, Severity } from '../policies/policy.ts';
import type { PolicyEngine } from '../policies/policy-engine.ts';
import type { PolicySet } from '../policies/policy-set.ts';
import type { PolicySnapshot } from '../policies/policy-status.ts';
import type { PolicyStore, StoredPolicy } from '../policies/policy-store.ts';

/** A policy of any source, as lists have it. */
export interface ListedPolicy {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly level: string;
  readonly enabled: boolean;
  readonly metrics: readonly string[];
  /** `files`, `api` or `kubernetes`. */
  readonly origin: string;
  /** Where it is written. */
  readonly source: string;
  /** It can be changed over the API. */
  readonly isWritable: boolean;
  /** It is evaluated when it is enabled; otherwise `problems` say why not. */
  readonly isInForce: boolean;
  readonly problems: readonly { readonly field: string; readonly message: string }[];
  /** Of a policy of the API. */
  readonly version: number | undefined;
  readonly updatedAt: number | undefined;
  readonly author: string | undefined;
  /** What has become of it; undefined when it is not evaluated. */
  readonly state: PolicySnapshot | undefined;
  /** The worst of its alerts that fire. */
  readonly severity: Severity | undefined;
}

export interface ListedFrom {
  readonly policies: PolicySet;
  readonly store: PolicyStore;
  readonly engine: Pick<PolicyEngine, 'snapshots' | 'snapshot'>;
}

/** The policies that are in force, and those of the API that are not, each with the reason. */
export function allPolicies(from: ListedFrom): readonly ListedPolicy[] {
  const states = new Map(from.engine.snapshots().map((snapshot) => [snapshot.id, snapshot]));
  const inForce = from.policies.all().map((policy) => listed(policy, from, states.get(policy.id)));
  const others = from.store
    .all()
    .filter(({ id }) => from.policies.originOf(id) !== 'api')
    .map((stored) => notInForce(stored, from));
  return [...inForce, ...others];
}

/** A policy that is in force. */
export function policyInForce(policy: AlertPolicy, from: ListedFrom): ListedPolicy {
  return listed(policy, from, from.engine.snapshot(policy.id));
}

/** A policy of the API, whether or not it is in force. */
export function policyOfApi(stored: StoredPolicy, from: ListedFrom): ListedPolicy {
  const inForce = from.policies.originOf(stored.id) === 'api' ? from.policies.get(stored.id) : undefined;
  return inForce === undefined ? notInForce(stored, from) : policyInForce(inForce, from);
}

function listed(policy: AlertPolicy, { policies, store }: ListedFrom, state: PolicySnapshot | undefined): ListedPolicy {
  const origin = policies.originOf(policy.id)!;
  const stored = origin === 'api' ? store.get(policy.id) : undefined;
  return {
    ...summaryOf(policy),
    origin: origin.split('/')[0]!,
    source: policy.source,
    isWritable: origin === 'api',
    isInForce: true,
    problems: [],
    version: stored?.version,
    updatedAt: stored?.updatedAt,
    author: stored?.author,
    state,
    // They come with the worst first.
    severity: state?.notFine.find(({ firing }) => firing)?.severity,
  };
}

function notInForce(
  { id, version, updatedAt, author, policy, problems }: StoredPolicy,
  from: ListedFrom,
): ListedPolicy {
  const clash = from.policies.clashes('api').find((one) => one.policy.id === id);
  const summary =
    policy === undefined
      ? { id, name: id, description: '', level: '', enabled: false, metrics: [] }
      : summaryOf(policy);
  return {
    ...summary,
    origin: 'api',
    source: 'api',
    isWritable: true,
    isInForce: false,
    problems: clash === undefined ? problems : [{ field: 'id', message: clash.message }],
    version,
    updatedAt,
    author,
    state: undefined,
    severity: undefined,
  };
}

function summaryOf({ id, name, description, level, enabled, conditions }: AlertPolicy) {
  return { id, name, description, level, enabled, metrics: [...new Set(conditions.map(({ metric }) => metric))] };
}
