import type { AlertPolicy } from './policy.ts';

/** A policy that is left out, because one of an earlier source has its id. */
export interface PolicyClash {
  readonly policy: AlertPolicy;
  readonly message: string;
}

/** Where policies come from, in the order in which an id is theirs; clusters by their names. */
export type PolicyOrigin = 'files' | 'api' | `kubernetes/${string}`;

export interface PolicySetOptions {
  /** Gets all policies that are in force, whenever any differs. Must not throw. */
  readonly onChange: (policies: readonly AlertPolicy[]) => void;
  /** So many at most, of all sources; what is beyond is left out. Default 10,000. */
  readonly limit?: number;
}

/**
 * The policies of all sources. Of several with one id, that of the first source counts, whichever came first in time: so a restart
 * changes nothing. The others of a source go on.
 */
export class PolicySet {
  readonly #options: PolicySetOptions;
  readonly #sources = new Map<PolicyOrigin, readonly AlertPolicy[]>();
  #policies: ReadonlyMap<string, AlertPolicy> = new Map();
  #origins: ReadonlyMap<string, PolicyOrigin> = new Map();
  #clashes: ReadonlyMap<PolicyOrigin, readonly PolicyClash[]> = new Map();

  constructor(options: PolicySetOptions) {
    this.#options = options;
  }

  /** Replaces the policies of a source; a source without any is forgotten. */
  set(origin: PolicyOrigin, policies: readonly AlertPolicy[]): void {
    if (policies.length === 0) this.#sources.delete(origin);
    else this.#sources.set(origin, policies);
    this.#merge();
  }

  /** Those in force, in the order of the sources. */
  all(): readonly AlertPolicy[] {
    return [...this.#policies.values()];
  }

  get(id: string): AlertPolicy | undefined {
    return this.#policies.get(id);
  }

  /** Whose policy of this id is in force. */
  originOf(id: string): PolicyOrigin | undefined {
    return this.#origins.get(id);
  }

  /** What of a source is left out. */
  clashes(origin: PolicyOrigin): readonly PolicyClash[] {
    return this.#clashes.get(origin) ?? [];
  }

  #merge(): void {
    const { onChange, limit = 10_000 } = this.#options;
    const policies = new Map<string, AlertPolicy>();
    const origins = new Map<string, PolicyOrigin>();
    const clashes = new Map<PolicyOrigin, PolicyClash[]>();
    for (const origin of [...this.#sources.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
      const left: PolicyClash[] = [];
      for (const policy of this.#sources.get(origin)!) {
        const other = policies.get(policy.id);
        if (other !== undefined) {
          const given = JSON.stringify(policy.id);
          left.push({
            policy,
            message: `expected an id that no other policy has, got ${given}, which is that of ${other.source}`,
          });
        } else if (policies.size >= limit) {
          left.push({ policy, message: `expected at most ${limit} policies in all, got more` });
        } else {
          policies.set(policy.id, policy);
          origins.set(policy.id, origin);
        }
      }
      if (left.length > 0) clashes.set(origin, left);
    }
    const before = this.#policies;
    this.#policies = policies;
    this.#origins = origins;
    this.#clashes = clashes;
    const same = before.size === policies.size && [...policies].every(([id, policy]) => before.get(id) === policy);
    if (!same) onChange(this.all());
  }
}

function rank(origin: PolicyOrigin): number {
  return origin === 'files' ? 0 : origin === 'api' ? 1 : 2;
}
