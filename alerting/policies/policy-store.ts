import type { DocumentLog, DocumentVersion } from '../../storage/document-log.ts';
import type { AlertPolicy } from './policy.ts';
import { type FieldProblem, fieldOf } from './policy-form.ts';
import { type PolicyContext, readPolicy } from './read-policy.ts';
import { renderPolicy } from './render-policy.ts';

const KIND = 'policy';
/** How much can be written over the API. */
const MAX_POLICIES = 5_000;

/** A policy of the API, as it was written last. */
export interface StoredPolicy {
  readonly id: string;
  /** 1, 2, 3, ... */
  readonly version: number;
  readonly updatedAt: number;
  readonly author: string;
  /** Undefined when it is not valid any more, such as after an update; then `problems` says why. */
  readonly policy: AlertPolicy | undefined;
  readonly problems: readonly { readonly field: string; readonly message: string }[];
  /** As it was written: JSON. */
  readonly body: string;
}

/** One version of a policy. */
export interface PolicyVersion {
  readonly version: number;
  readonly timestamp: number;
  readonly author: string;
  readonly isDeleted: boolean;
  /** Undefined for the version that says that it is gone. */
  readonly policy: unknown;
}

export interface PolicyStoreOptions {
  readonly log: DocumentLog;
  readonly context: () => PolicyContext;
  readonly now: () => number;
  /** Called when any policy differs. Must not throw. */
  readonly onChange: (policies: readonly StoredPolicy[]) => void;
}

/** Why a write was not done. */
export type WriteConflict = 'exists' | 'changed' | 'gone' | 'full';

/**
 * The policies that are written over the API, kept in a document log which other instances may write to as well. Methods reject with
 * a StorageError. What is held here is what was read or written last.
 */
export class PolicyStore {
  readonly #options: PolicyStoreOptions;
  #policies: ReadonlyMap<string, StoredPolicy> = new Map();
  /** Loads and writes, one after the other. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
  }

  /** By id. */
  all(): readonly StoredPolicy[] {
    return [...this.#policies.values()];
  }

  get(id: string): StoredPolicy | undefined {
    return this.#policies.get(id);
  }

  /** Reads all; to be called at the start, and from time to time for what other instances wrote. */
  load(signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const latest = await this.#options.log.latest(KIND, signal);
      const policies = new Map(
        latest
          .filter(({ isDeleted }) => !isDeleted)
          .map((version): [string, StoredPolicy] => {
            const known = this.#policies.get(version.id);
            return [version.id, known?.version === version.version ? known : this.#read(version)];
          })
          .sort(byId),
      );
      this.#take(policies);
    });
  }

  /** Adds a policy; with what stands against it when it was not added. */
  create(policy: AlertPolicy, author: string, signal: AbortSignal): Promise<StoredPolicy | WriteConflict> {
    return this.#inTurn(async () => {
      if (this.#policies.has(policy.id)) return 'exists';
      if (this.#policies.size >= MAX_POLICIES) return 'full';
      // It may have been deleted, or written by another instance.
      const [newest] = await this.#options.log.versions(KIND, policy.id, signal);
      if (newest !== undefined && !newest.isDeleted) return 'exists';
      return (await this.#append(policy, (newest?.version ?? 0) + 1, author)) ?? 'exists';
    });
  }

  /** Replaces a policy whose newest version is the one given. */
  update(policy: AlertPolicy, version: number, author: string): Promise<StoredPolicy | WriteConflict> {
    return this.#inTurn(async () => {
      const known = this.#policies.get(policy.id);
      if (known === undefined) return 'gone';
      if (known.version !== version) return 'changed';
      return (await this.#append(policy, version + 1, author)) ?? 'changed';
    });
  }

  /** Deletes a policy whose newest version is the one given. */
  delete(id: string, version: number, author: string): Promise<'deleted' | WriteConflict> {
    return this.#inTurn(async () => {
      const known = this.#policies.get(id);
      if (known === undefined) return 'gone';
      if (known.version !== version) return 'changed';
      const timestamp = this.#options.now();
      const gone = { kind: KIND, id, version: version + 1, timestamp, author, body: '', isDeleted: true };
      if (!(await this.#options.log.append(gone))) return 'changed';
      const policies = new Map(this.#policies);
      policies.delete(id);
      this.#take(policies);
      return 'deleted';
    });
  }

  /** The newest first; also those of a policy that is gone. */
  async versions(id: string, signal: AbortSignal): Promise<readonly PolicyVersion[]> {
    const versions = await this.#options.log.versions(KIND, id, signal);
    return versions.map(({ version, timestamp, author, isDeleted, body }) => ({
      version,
      timestamp,
      author,
      isDeleted,
      policy: body === '' ? undefined : parsed(body),
    }));
  }

  async #append(policy: AlertPolicy, version: number, author: string): Promise<StoredPolicy | undefined> {
    const { log, now, context } = this.#options;
    const body = JSON.stringify(renderPolicy(policy, { form: 'camel', catalogue: context().catalogue }));
    const written = { kind: KIND, id: policy.id, version, timestamp: now(), author, body, isDeleted: false };
    if (!(await log.append(written))) return undefined;
    const stored = { id: policy.id, version, updatedAt: written.timestamp, author, policy, problems: [], body };
    const all = [...this.#policies].filter(([id]) => id !== policy.id);
    this.#take(new Map([...all, [policy.id, stored] as const].sort(byId)));
    return stored;
  }

  #read({ id, version, timestamp, author, body }: DocumentVersion): StoredPolicy {
    // Receivers come and go with the configuration: who writes a policy is told, what is written stays.
    const { catalogue } = this.#options.context();
    const { policy, problems } = readPolicy(parsed(body), { catalogue, form: 'camel', source: 'api' });
    const told = problems.map(({ path, message }: FieldProblem) => ({ field: fieldOf(path), message }));
    return { id, version, updatedAt: timestamp, author, policy, problems: told, body };
  }

  #take(policies: ReadonlyMap<string, StoredPolicy>): void {
    const before = this.#policies;
    this.#policies = policies;
    const same = before.size === policies.size && [...policies].every(([id, stored]) => before.get(id) === stored);
    if (!same) this.#options.onChange(this.all());
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(work, work);
    this.#busy = turn.catch(() => undefined);
    return turn;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function byId([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
