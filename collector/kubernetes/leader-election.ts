import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK, wait } from '../../clock/clock.ts';
import { type KubeClient, KubeError } from './kube-client.ts';

export interface LeaderElectionOptions {
  readonly client: Pick<KubeClient, 'get' | 'send'>;
  readonly namespace: string;
  /** Of the Lease; contenders have it in common. */
  readonly name: string;
  /** Of this process alone: a host's name is not enough where two processes can run on it. */
  readonly identity: string;
  readonly logger: Logger;
  readonly registry?: Registry | undefined;
  readonly clock?: Clock;
  /** Between 0 and 1, for jitter. Default Math.random. */
  readonly random?: () => number;
  /** Milliseconds without a renewal after which others take over. Default 15,000. */
  readonly leaseDuration?: number;
  /** Milliseconds without a renewal after which the leader is none any more. Default 10,000. */
  readonly renewDeadline?: number;
  /** Milliseconds between two attempts. Default 2,000. */
  readonly retryPeriod?: number;
}

interface Lease {
  readonly metadata: { readonly resourceVersion?: string; readonly [field: string]: unknown };
  readonly spec?: LeaseSpec;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
  readonly [field: string]: unknown;
}

/** Milliseconds that giving up the lease may take at the end. */
const RELEASE_TIMEOUT = 2_000;

/**
 * One leader among those who contend for a Lease object, as Kubernetes' own components do it (client-go's leaderelection):
 *
 *     leader:  renews every retryPeriod; leads until renewDeadline after the beginning of the last renewal that succeeded
 *     others:  look every retryPeriod or so; take over when nothing has changed for leaseDuration since they saw a change
 *
 * renewDeadline < leaseDuration, and each measures with its own clock from a moment that is on the safe side, so two never
 * lead at once, also when the API server cannot be reached, as long as their clocks go about equally fast. Times written in
 * the Lease are for people. Who writes names the version that it read, so of two who take over at once one succeeds.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** The Lease as it was seen last, and when its version was seen first. */
  #seen: Lease | undefined;
  #seenAt = 0;
  /** Until when this process leads, by the steady clock and by the other one; 0 when it does not. */
  #until = 0;
  #wallUntil = 0;
  /** What the listeners were told. */
  #told = false;
  #cancelEnd: () => void = noop;
  #lastFailure = '';

  /** Contends from now on. Throws when the durations do not fit together. */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#leaseDuration = options.leaseDuration ?? 15_000;
    this.#renewDeadline = options.renewDeadline ?? 10_000;
    this.#retryPeriod = options.retryPeriod ?? 2_000;
    if (this.#leaseDuration <= this.#renewDeadline) {
      throw new Error(
        `leaseDuration must be more than renewDeadline, got ${this.#leaseDuration} and ${this.#renewDeadline}`,
      );
    }
    if (this.#renewDeadline <= this.#retryPeriod) {
      throw new Error(
        `renewDeadline must be more than retryPeriod, got ${this.#renewDeadline} and ${this.#retryPeriod}`,
      );
    }
    if (options.identity === '') throw new Error('the identity must not be empty');
    if (options.registry !== undefined) this.#expose(options.registry);
    this.#running = this.#run(this.#closing.signal);
  }

  /** Whether this process leads at this moment. Ask right before what only the leader may do. */
  isLeader(): boolean {
    // The steady clock stands still while the machine sleeps, the other one may be set back: both must agree.
    return this.#clock.elapsed() < this.#until && this.#clock.now() < this.#wallUntil;
  }

  /** Who leads, as far as is known; '' for nobody. */
  get leader(): string {
    return this.#seen?.spec?.holderIdentity ?? '';
  }

  /** Calls when this process becomes the leader or is none any more; must not throw. The answer ends it. */
  onChange(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Leads no more from this call on, and then gives the lease up, so that another one need not wait. */
  async close(): Promise<void> {
    this.#stepDown();
    this.#closing.abort(new Error('the election was closed'));
    await this.#running;
    await this.#release();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let isOurs = false;
      try {
        isOurs = await this.#attempt(signal);
        if (this.#lastFailure !== '') this.#options.logger.info(this.#place, 'the lease can be reached again');
        this.#lastFailure = '';
      } catch (error) {
        if (!signal.aborted) this.#tellFailure(error);
      }
      // Contenders spread out; the leader keeps to its period.
      const pause = isOurs ? this.#retryPeriod : this.#retryPeriod * (1 + 1.2 * this.#random());
      await wait(this.#clock, this.#until > 0 ? this.#retryPeriod : pause, signal);
    }
  }

  /** Renews or tries to get the lease; true when this process leads now. */
  async #attempt(closing: AbortSignal): Promise<boolean> {
    const elapsed = this.#clock.elapsed();
    const now = this.#clock.now();
    const limit = this.#limit(closing, this.#renewDeadline / 2);
    try {
      const taken = (await this.#renew(limit.signal)) ?? (await this.#acquire(limit.signal));
      if (taken && !closing.aborted) this.#lead(elapsed, now);
      return taken;
    } finally {
      limit.release();
    }
  }

  /** Without reading first, since nobody else should have written. Undefined when somebody has. */
  async #renew(signal: AbortSignal): Promise<boolean | undefined> {
    if (!this.isLeader() || this.#seen === undefined) return undefined;
    try {
      this.#note(await this.#put(this.#seen, signal));
      return true;
    } catch (error) {
      if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return undefined;
      throw error;
    }
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#read(signal);
    if (lease === undefined) return this.#create(signal);
    this.#note(lease);
    const { holderIdentity = '', leaseDurationSeconds } = lease.spec ?? {};
    if (holderIdentity !== '' && holderIdentity !== this.#options.identity) {
      this.#stepDown();
      // The holder's own duration, in case it has another configuration.
      const duration = Math.max(this.#leaseDuration, (leaseDurationSeconds ?? 0) * 1_000);
      if (this.#clock.elapsed() < this.#seenAt + duration) return false;
    }
    return this.#won(async () => this.#put(lease, signal));
  }

  #create(signal: AbortSignal): Promise<boolean> {
    const { namespace, name, client } = this.#options;
    const time = this.#time();
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: { ...this.#spec(time), acquireTime: time, leaseTransitions: 0 },
    };
    return this.#won(async () => (await client.send('POST', this.#path(), { body, signal })) as Lease);
  }

  /** False when another one was faster. */
  async #won(write: () => Promise<Lease>): Promise<boolean> {
    try {
      this.#note(await write());
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return false;
      throw error;
    }
  }

  /** Undefined when there is none. */
  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return (await this.#options.client.get(this.#path(this.#options.name), { signal })) as Lease;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Writes this process' name into the lease, in the version that was read. */
  async #put(lease: Lease, signal: AbortSignal): Promise<Lease> {
    const time = this.#time();
    const { holderIdentity, leaseTransitions = 0, acquireTime } = lease.spec ?? {};
    const isOurs = holderIdentity === this.#options.identity;
    const spec = {
      ...lease.spec,
      ...this.#spec(time),
      acquireTime: isOurs ? (acquireTime ?? time) : time,
      leaseTransitions: isOurs ? leaseTransitions : leaseTransitions + 1,
    };
    const body = { ...lease, spec };
    return (await this.#options.client.send('PUT', this.#path(this.#options.name), { body, signal })) as Lease;
  }

  #spec(renewTime: string): LeaseSpec {
    const seconds = Math.ceil(this.#leaseDuration / 1_000);
    return { holderIdentity: this.#options.identity, leaseDurationSeconds: seconds, renewTime };
  }

  #note(lease: Lease): void {
    const { resourceVersion } = lease.metadata;
    if (this.#seen === undefined || this.#seen.metadata.resourceVersion !== resourceVersion) {
      this.#seenAt = this.#clock.elapsed();
    }
    this.#seen = lease;
  }

  /** Leads for a renewDeadline from a moment before the lease was written. */
  #lead(elapsed: number, now: number): void {
    this.#until = elapsed + this.#renewDeadline;
    this.#wallUntil = now + this.#renewDeadline;
    this.#cancelEnd();
    this.#cancelEnd = this.#clock.schedule(Math.max(0, this.#until - this.#clock.elapsed()), () => this.#stepDown());
    if (this.isLeader()) this.#tell(true);
  }

  #stepDown(): void {
    this.#cancelEnd();
    this.#cancelEnd = noop;
    this.#until = 0;
    this.#wallUntil = 0;
    this.#tell(false);
  }

  #tell(isLeader: boolean): void {
    if (this.#told === isLeader) return;
    this.#told = isLeader;
    this.#options.logger.info(this.#place, isLeader ? 'became the leader' : 'is not the leader any more');
    for (const listener of this.#listeners) listener(isLeader);
  }

  async #release(): Promise<void> {
    // Known or not: a write that was cut may have arrived.
    if (this.#seen === undefined) return;
    const limit = this.#limit(undefined, RELEASE_TIMEOUT);
    try {
      const lease = await this.#read(limit.signal);
      if (lease?.spec?.holderIdentity !== this.#options.identity) return;
      const spec = { ...lease.spec, ...this.#spec(this.#time()), holderIdentity: '', leaseDurationSeconds: 1 };
      const body = { ...lease, spec };
      await this.#options.client.send('PUT', this.#path(this.#options.name), { body, signal: limit.signal });
    } catch (error) {
      // It ends by itself.
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.logger.info({ ...this.#place, reason }, 'the lease could not be given up and will run out');
    } finally {
      limit.release();
    }
  }

  #tellFailure(error: unknown): void {
    const status = error instanceof KubeError ? error.status : 0;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#lastFailure === String(status)) return;
    this.#lastFailure = String(status);
    const { namespace } = this.#options;
    const rule = `a Role in namespace ${namespace} with the rule {apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"]}`;
    const message =
      status === 403 ? `may not use the lease: it needs ${rule}` : `cannot renew or get the lease: ${reason}`;
    this.#options.logger.warn({ ...this.#place, status, reason }, message);
  }

  /** Aborts after a time, or with the signal. */
  #limit(
    signal: AbortSignal | undefined,
    milliseconds: number,
  ): { readonly signal: AbortSignal; readonly release: () => void } {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const cancel = this.#clock.schedule(milliseconds, () =>
      controller.abort(new DOMException(`no answer within ${milliseconds} ms`, 'TimeoutError')),
    );
    return {
      signal: controller.signal,
      release() {
        cancel();
        signal?.removeEventListener('abort', abort);
      },
    };
  }

  #expose(registry: Registry): void {
    const name = 'pharos_kubernetes_leader';
    const gauge =
      (registry.getSingleMetric(name) as Gauge<'lease'> | undefined) ??
      new Gauge({
        name,
        help: 'Whether this process leads by the lease.',
        labelNames: ['lease'],
        registers: [registry],
      });
    const { namespace, name: lease } = this.#options;
    const labels = { lease: `${namespace}/${lease}` };
    gauge.set(labels, 0);
    this.onChange((isLeader) => gauge.set(labels, isLeader ? 1 : 0));
  }

  #path(name = ''): string {
    const namespace = encodeURIComponent(this.#options.namespace);
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    return name === '' ? leases : `${leases}/${encodeURIComponent(name)}`;
  }

  /** The API's MicroTime. */
  #time(): string {
    return new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
  }

  get #place(): { lease: string; identity: string } {
    const { namespace, name, identity } = this.#options;
    return { lease: `${namespace}/${name}`, identity };
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }
}

function noop(): void {}
