import type { Logger } from 'pino';
import { type Clock, wait } from '../../clock/clock.ts';
import type { DocumentLog, DocumentVersion } from '../../storage/document-log.ts';
import { StorageError } from '../../storage/errors.ts';
import { type FieldProblem, fieldOf } from '../written-form.ts';
import type { AlertPolicy } from './policy.ts';
import { type PolicyContext, readPolicy } from './read-policy.ts';
import { renderPolicy } from './render-policy.ts';

const KIND = 'policy';
/** A write that has begun goes on when the client goes away. */
const NEVER = new AbortController().signal;
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
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when any policy differs. Must not throw. */
  readonly onChange: (policies: readonly StoredPolicy[]) => void;
  /** Milliseconds until what other instances wrote is looked for. Default: 5,000. */
  readonly pollInterval?: number;
  /** Of one call of the log, in milliseconds. Default: 10,000. */
  readonly timeout?: number;
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
  /** A write failed, and may be there all the same. */
  #isUnsure = false;
  /** Loads and writes, one after the other. */
  #busy: Promise<unknown> = Promise.resolve();

  #hasFailed = false;
  #isRead = false;
  readonly #ending = new AbortController();
  #polling: Promise<void> = Promise.resolve();

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
  }

  /** Reads all, and goes on to look for what others write. Resolves after the first read, even if that failed. */
  async start(): Promise<void> {
    await this.#poll();
    this.#polling = this.#keepPolling();
  }

  /** What was read last stays. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the policies of the API are not read any more'));
    await this.#polling;
  }

  /** Whether they have been read since the start; until then nobody knows which there are. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** By id. */
  all(): readonly StoredPolicy[] {
    return [...this.#policies.values()];
  }

  get(id: string): StoredPolicy | undefined {
    return this.#policies.get(id);
  }

  /** Reads all, for what other instances wrote. */
  load(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#load(signal));
  }

  /** Adds a policy; with what stands against it when it was not added. */
  create(policy: AlertPolicy, author: string, signal: AbortSignal): Promise<StoredPolicy | WriteConflict> {
    return this.#inTurn(async () => {
      if (this.#isUnsure) await this.#load(signal);
      if (this.#policies.has(policy.id)) return 'exists';
      if (this.#policies.size >= MAX_POLICIES) return 'full';
      // It may have been deleted, or written by another instance.
      const [newest] = await this.#versions(policy.id, signal);
      const stored = this.#stored(policy, (newest?.version ?? 0) + 1, author);
      const isWritten = (newest === undefined || newest.isDeleted) && (await this.#append(stored));
      return isWritten ? this.#keep(stored) : this.#lost('exists', signal);
    });
  }

  /** Replaces a policy whose newest version is the one given. */
  update(
    policy: AlertPolicy,
    version: number,
    author: string,
    signal: AbortSignal,
  ): Promise<StoredPolicy | WriteConflict> {
    return this.#inTurn(async () => {
      if (this.#isUnsure) await this.#load(signal);
      const known = this.#policies.get(policy.id);
      if (known === undefined) return 'gone';
      if (known.version !== version) return 'changed';
      const stored = this.#stored(policy, version + 1, author);
      return (await this.#append(stored)) ? this.#keep(stored) : this.#lost('changed', signal);
    });
  }

  /** Deletes a policy whose newest version is the one given. */
  delete(id: string, version: number, author: string, signal: AbortSignal): Promise<'deleted' | WriteConflict> {
    return this.#inTurn(async () => {
      if (this.#isUnsure) await this.#load(signal);
      const known = this.#policies.get(id);
      if (known === undefined) return 'gone';
      if (known.version !== version) return 'changed';
      const gone = { ...known, version: version + 1, updatedAt: this.#options.clock.now(), author, body: '' };
      if (!(await this.#append(gone))) return this.#lost('changed', signal);
      const policies = new Map(this.#policies);
      policies.delete(id);
      this.#take(policies);
      return 'deleted';
    });
  }

  /** The newest first; also those of a policy that is gone. */
  async versions(id: string, signal: AbortSignal): Promise<readonly PolicyVersion[]> {
    const versions = await this.#versions(id, signal);
    return versions.map(({ version, timestamp, author, isDeleted, body }) => ({
      version,
      timestamp,
      author,
      isDeleted,
      policy: body === '' ? undefined : parsed(body),
    }));
  }

  async #keepPolling(): Promise<void> {
    const { clock, pollInterval = 5_000 } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await wait(clock, pollInterval, signal);
      if (!signal.aborted) await this.#poll();
    }
  }

  async #poll(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.load(this.#ending.signal);
      if (this.#hasFailed) logger.info('the policies of the API can be read again');
      this.#hasFailed = false;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const message = 'the policies of the API cannot be read; those that were read last stay in force';
      if (!this.#hasFailed) logger.error({ err: error }, message);
      this.#hasFailed = true;
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    const latest = await this.#limited((limited) => this.#options.log.latest(KIND, limited), signal);
    this.#isUnsure = false;
    this.#isRead = true;
    const policies = latest.map((version): [string, StoredPolicy] => {
      const known = this.#policies.get(version.id);
      return [version.id, known?.version === version.version ? known : this.#read(version)];
    });
    this.#take(new Map(policies.sort(byId)));
  }

  #stored(policy: AlertPolicy, version: number, author: string): StoredPolicy {
    const { clock, context } = this.#options;
    const body = JSON.stringify(renderPolicy(policy, { form: 'camel', catalogue: context().catalogue }));
    return { id: policy.id, version, updatedAt: clock.now(), author, policy, problems: [], body };
  }

  /** False when somebody else wrote meanwhile. */
  async #append({ id, version, updatedAt, author, body }: StoredPolicy): Promise<boolean> {
    const isDeleted = body === '';
    try {
      const document = { kind: KIND, id, version, timestamp: updatedAt, author, body, isDeleted };
      return await this.#limited(() => this.#options.log.append(document), NEVER);
    } catch (error) {
      this.#isUnsure = true;
      throw error;
    }
  }

  #keep(written: StoredPolicy): StoredPolicy {
    const others = [...this.#policies].filter(([id]) => id !== written.id);
    this.#take(new Map([...others, [written.id, written] as const].sort(byId)));
    return written;
  }

  /** Somebody else wrote: what, is known when this resolves. */
  async #lost(conflict: WriteConflict, signal: AbortSignal): Promise<WriteConflict> {
    await this.#load(signal);
    return conflict;
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

  #versions(id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    return this.#limited((limited) => this.#options.log.versions(KIND, id, limited), signal);
  }

  /** A call of the log with a time limit. */
  async #limited<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, timeout = 10_000 } = this.#options;
    const controller = new AbortController();
    return new Promise<T>((resolve, reject) => {
      const end = (error: unknown): void => {
        controller.abort(error);
        reject(error);
      };
      const onAbort = (): void => end(signal.reason);
      if (signal.aborted) return onAbort();
      const late = new StorageError('unavailable', `the store has not answered within ${timeout / 1_000} s`);
      const cancel = clock.schedule(timeout, () => end(late));
      signal.addEventListener('abort', onAbort, { once: true });
      call(controller.signal)
        .then(resolve, reject)
        .finally(() => {
          cancel();
          signal.removeEventListener('abort', onAbort);
        });
    });
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
