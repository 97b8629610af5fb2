import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK, wait } from '../clock/clock.ts';
import { StorageError } from '../storage/errors.ts';
import type { LeaseClaim, LeaseLog } from '../storage/lease-log.ts';
import type { Leadership } from './leadership.ts';

export interface StoreLeadershipOptions {
  readonly leaseLog: LeaseLog;
  /** Of the lease; contenders have it in common. */
  readonly name: string;
  /** Of this process, for people; what makes it unique is added. */
  readonly identity: string;
  readonly logger: Logger;
  readonly registry?: Registry | undefined;
  readonly clock?: Clock;
  /** Milliseconds without a sign of life after which others take over. Default 8,000. */
  readonly leaseDuration?: number;
  /** Milliseconds without a renewal after which the leader is none any more. Default 6,000. */
  readonly renewDeadline?: number;
  /** Milliseconds between two renewals. Default 2,000. */
  readonly renewPeriod?: number;
  /** Milliseconds between two looks of those who stand by. Default 1,000. */
  readonly lookPeriod?: number;
  /** Milliseconds after which those who stand by say again that they are there. Default 5,000. */
  readonly standbyPeriod?: number;
}

/** What this process holds. */
interface Held {
  readonly term: number;
  sequence: number;
  /** When it may lead at the earliest, by the steady clock: then whoever led before has ceased to. */
  readonly from: number;
}

/** Milliseconds that giving up the lease may take at the end. */
const RELEASE_TIMEOUT = 2_000;
/** Times that somebody who stands by may have missed to say so without being taken for gone. */
const MISSED = 6;

/**
 * One leader among those who share a store that knows no transactions, only rows that all readers see once they are acknowledged:
 *
 *     leader:  every renewPeriod adds a claim and then reads; leads until renewDeadline after the beginning of the last such round
 *              in which no claim was above its own
 *     others:  read every lookPeriod; when for leaseDuration no claim of others has changed, add a claim on the next term, and read
 *
 * Claims are ordered by term, then holder; the highest one is the leader's. Why two never lead at once: a round of the old leader
 * that succeeded did not see the new claim, so its own claim was there before, and the read that follows the new claim sees it. If
 * that read shows what was seen leaseDuration ago, the round began before that, and renewDeadline, which is shorter, is over; if it
 * shows something new, the new leader waits for leaseDuration. Everybody measures with their own steady clock from a moment that is
 * on the safe side. So neither the time of day nor the store's clock matters, nor how long a process is stopped or a row is on its
 * way; clocks must only go about equally fast.
 *
 * Without the store nobody leads for longer than renewDeadline, since another one may reach what the leader cannot. Only who is
 * alone goes on: those who stand by say so under a name of its own, and a leader that has seen nobody else for long, and then
 * cannot reach the store, leads until it reaches it again or was stopped for a while. So the alerts of a single instance come also
 * while its store is away. Who takes over has seen the store work without a gap, and has said that it is there, for longer than a
 * living leader needs to see it. This is the one case in which two may lead: the leader was alone, it alone cannot reach the
 * store, and another instance is started meanwhile.
 */
export class StoreLeadership implements Leadership {
  readonly #options: StoreLeadershipOptions;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #renewPeriod: number;
  readonly #lookPeriod: number;
  readonly #standbyPeriod: number;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #held: Held | undefined;
  /** Until when this process leads, by the steady clock. */
  #until = Number.NEGATIVE_INFINITY;
  /** Claims of others that may lead, as text, and since when they are as they are. */
  #others: string | undefined;
  #quietSince = Number.POSITIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  readonly #company: Company;
  /** What this process has said about being there: since when without a gap, when last, and how often. */
  #standbySince = Number.POSITIVE_INFINITY;
  #standbyAt = Number.NEGATIVE_INFINITY;
  #standbyTerm = 0;
  #standbySequence = 0;
  /** Whether the last round that succeeded has seen nobody else for long. */
  #isAlone = false;
  /** The highest term that this process tried to take, and how often in a row no claim came of it. */
  #tried = 0;
  #lost = 0;
  /** What the listeners were told. */
  #told = false;
  #cancelUpdate: () => void = noop;
  #failed = false;

  /** Contends from now on. Throws when the durations do not fit together. */
  constructor(options: StoreLeadershipOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#holder = `${options.identity}/${randomUUID()}`;
    this.#leaseDuration = options.leaseDuration ?? 8_000;
    this.#renewDeadline = options.renewDeadline ?? 6_000;
    this.#renewPeriod = options.renewPeriod ?? 2_000;
    this.#lookPeriod = options.lookPeriod ?? 1_000;
    this.#standbyPeriod = options.standbyPeriod ?? 5_000;
    this.#company = new Company(this.#holder, MISSED * this.#standbyPeriod);
    const { leaseDuration, renewDeadline, renewPeriod } = {
      leaseDuration: this.#leaseDuration,
      renewDeadline: this.#renewDeadline,
      renewPeriod: this.#renewPeriod,
    };
    if (leaseDuration <= renewDeadline) {
      throw new Error(`leaseDuration must be more than renewDeadline, got ${leaseDuration} and ${renewDeadline}`);
    }
    if (renewDeadline <= renewPeriod) {
      throw new Error(`renewDeadline must be more than renewPeriod, got ${renewDeadline} and ${renewPeriod}`);
    }
    if (options.registry !== undefined) this.#expose(options.registry);
    this.#running = this.#run(this.#closing.signal);
  }

  isLeader(): boolean {
    const now = this.#clock.elapsed();
    return this.#held !== undefined && this.#held.from <= now && now < this.#until;
  }

  onChange(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#running;
    const held = this.#held;
    // Only who could have led may say that nobody below leads: others may not have waited long enough.
    const mayRelease = held !== undefined && held.from <= this.#clock.elapsed();
    this.#stepDown();
    this.#closing.abort(new Error('the leadership was closed'));
    await this.#running;
    if (mayRelease) await this.#release(held);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#attempt(signal);
        if (this.#failed) this.#options.logger.info(this.#place, 'the lease in the store can be reached again');
        this.#failed = false;
      } catch (error) {
        if (!signal.aborted) this.#tellFailure(error);
      }
      await wait(this.#clock, this.#pause(), signal);
    }
  }

  /** Until the next attempt. */
  #pause(): number {
    if (this.#held !== undefined && !this.#failed) return this.#renewPeriod;
    const due = this.#takeoverAt - this.#clock.elapsed();
    return due > 0 && due < this.#lookPeriod ? due : this.#lookPeriod;
  }

  /** When this process may take over if nothing changes. */
  get #takeoverAt(): number {
    if (this.#others === '') return Number.NEGATIVE_INFINITY;
    const seen = this.#standbySince + this.#renewPeriod;
    return Math.max(this.#quietSince, seen) + this.#leaseDuration;
  }

  async #attempt(closing: AbortSignal): Promise<void> {
    const begun = this.#clock.elapsed();
    const controller = new AbortController();
    const abort = (): void => controller.abort(closing.reason);
    const timeout = this.#renewDeadline / 2;
    const late = new StorageError('unavailable', `the store gave no answer within ${timeout} ms`);
    const cancel = this.#clock.schedule(timeout, () => controller.abort(late));
    closing.addEventListener('abort', abort, { once: true });
    try {
      if (this.#held === undefined) await this.#contend(controller.signal);
      else await this.#renew(this.#held, controller.signal);
    } catch (error) {
      const reason = controller.signal.aborted ? controller.signal.reason : error;
      this.#forget();
      if (reason instanceof StorageError && reason.kind === 'unavailable') this.#goOnAlone(begun);
      throw reason;
    } finally {
      cancel();
      closing.removeEventListener('abort', abort);
    }
  }

  async #contend(signal: AbortSignal): Promise<void> {
    if (this.#clock.elapsed() - this.#lookedAt > 2.5 * this.#lookPeriod) this.#forget();
    const newest = await this.#look(signal);
    // This process was stopped meanwhile: what it has read is old.
    signal.throwIfAborted();
    if (newest !== undefined && this.#isOurs(newest)) {
      // The answer to an earlier claim was lost on its way.
      await this.#renew(this.#hold(newest), signal);
      return;
    }
    if (this.#clock.elapsed() < this.#takeoverAt) {
      await this.#standBy(signal);
      return;
    }
    // A store may refuse a term of which it remembers that it was taken, but not by whom.
    const term = Math.max(newest?.term ?? 0, this.#tried) + 2 ** Math.min(this.#lost, 10);
    this.#tried = term;
    const begun = this.#clock.elapsed();
    await this.#claim({ term, sequence: 1, released: false }, signal);
    const winner = await this.#look(signal);
    this.#lost = winner === undefined || winner.term < term ? this.#lost + 1 : 0;
    if (winner === undefined || !this.#isOurs(winner)) return;
    this.#hold(winner);
    this.#lead(begun);
  }

  async #renew(held: Held, signal: AbortSignal): Promise<void> {
    const begun = this.#clock.elapsed();
    held.sequence++;
    await this.#claim({ term: held.term, sequence: held.sequence, released: false }, signal);
    const newest = await this.#look(signal);
    const isLeader = newest !== undefined && newest.term === held.term && this.#isOurs(newest);
    if (!isLeader) {
      this.#stepDown();
      return;
    }
    this.#lead(begun);
    this.#isAlone = this.#company.isAlone(await this.#standbys(signal), this.#clock.elapsed());
  }

  /** Says now and then that this process is there. */
  async #standBy(signal: AbortSignal): Promise<void> {
    if (this.#clock.elapsed() < this.#standbyAt + this.#standbyPeriod) return;
    // Newcomers are on top, so that those who have gone do not hide them.
    if (this.#standbyTerm === 0) this.#standbyTerm = ((await this.#standbys(signal))[0]?.term ?? 0) + 1;
    // Never 1: several may have the same term here.
    const sequence = ++this.#standbySequence + 1;
    const claim = { name: this.#standbyName, holder: this.#holder, term: this.#standbyTerm, sequence, released: false };
    await this.#options.leaseLog.claim(claim, signal);
    this.#standbyAt = this.#clock.elapsed();
    this.#standbySince = Math.min(this.#standbySince, this.#standbyAt);
  }

  #standbys(signal: AbortSignal): Promise<readonly LeaseClaim[]> {
    return this.#options.leaseLog.read(this.#standbyName, signal);
  }

  get #standbyName(): string {
    return `${this.#options.name}/standby`;
  }

  /** After a round in which the store could not be reached; not for who was stopped, and does not know what happened meanwhile. */
  #goOnAlone(begun: number): void {
    if (!this.#isAlone || !this.isLeader() || this.#closing.signal.aborted) return;
    this.#until = Math.max(this.#until, begun + this.#renewDeadline);
    this.#update();
  }

  /** What was seen of others does not count any more: there is a gap. */
  #forget(): void {
    this.#others = undefined;
    this.#standbySince = Number.POSITIVE_INFINITY;
    this.#standbyAt = Number.NEGATIVE_INFINITY;
  }

  #claim(claim: Pick<LeaseClaim, 'term' | 'sequence' | 'released'>, signal: AbortSignal): Promise<void> {
    return this.#options.leaseLog.claim({ name: this.#options.name, holder: this.#holder, ...claim }, signal);
  }

  /** The highest claim; notes whether those of others have changed. */
  async #look(signal: AbortSignal): Promise<LeaseClaim | undefined> {
    const claims = await this.#options.leaseLog.read(this.#options.name, signal);
    // Below one that was given up nobody leads: its holder had waited for that.
    const end = claims.findIndex(({ released }) => released);
    const others = claims
      .slice(0, end < 0 ? undefined : end)
      .filter(({ holder }) => holder !== this.#holder)
      .map(({ term, holder, sequence }) => `${term} ${holder} ${sequence}`)
      .join('\n');
    if (others !== this.#others) {
      this.#others = others;
      this.#quietSince = others === '' ? Number.NEGATIVE_INFINITY : this.#clock.elapsed();
    }
    this.#lookedAt = this.#clock.elapsed();
    return claims[0];
  }

  #isOurs({ holder, released }: LeaseClaim): boolean {
    return holder === this.#holder && !released;
  }

  /** Takes note of a claim of ours that is the highest; to be called after the look that showed it. */
  #hold({ term, sequence }: LeaseClaim): Held {
    this.#held = { term, sequence, from: this.#quietSince + this.#leaseDuration };
    this.#isAlone = false;
    this.#company.forget();
    this.#standbySince = Number.POSITIVE_INFINITY;
    this.#standbyAt = Number.NEGATIVE_INFINITY;
    return this.#held;
  }

  /** Leads for a renewDeadline from a moment before the claim was written. */
  #lead(begun: number): void {
    if (this.#closing.signal.aborted) return;
    this.#until = begun + this.#renewDeadline;
    this.#update();
  }

  #stepDown(): void {
    this.#held = undefined;
    this.#until = Number.NEGATIVE_INFINITY;
    this.#update();
  }

  /** Tells the listeners what has changed, and comes back when the time alone will change something. */
  #update(): void {
    this.#cancelUpdate();
    this.#cancelUpdate = noop;
    const isLeader = this.isLeader();
    const now = this.#clock.elapsed();
    if (this.#held !== undefined && now < this.#until) {
      const next = isLeader ? this.#until : this.#held.from;
      this.#cancelUpdate = this.#clock.schedule(Math.max(next - now, 1), () => this.#update());
    }
    if (this.#told === isLeader) return;
    this.#told = isLeader;
    this.#options.logger.info(this.#place, isLeader ? 'became the leader' : 'is not the leader any more');
    for (const listener of this.#listeners) listener(isLeader);
  }

  async #release({ term, sequence }: Held): Promise<void> {
    const controller = new AbortController();
    const cancel = this.#clock.schedule(RELEASE_TIMEOUT, () => controller.abort(new Error('no answer')));
    try {
      await this.#claim({ term, sequence: sequence + 1, released: true }, controller.signal);
    } catch (error) {
      // It ends by itself.
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.logger.info({ ...this.#place, reason }, 'the lease could not be given up and will run out');
    } finally {
      cancel();
    }
  }

  #tellFailure(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.logger.warn({ ...this.#place, reason }, `cannot renew or get the lease in the store: ${reason}`);
  }

  #expose(registry: Registry): void {
    const name = 'pharos_alerting_leader';
    const gauge =
      (registry.getSingleMetric(name) as Gauge | undefined) ??
      new Gauge({ name, help: 'Whether this process leads the alerting.', registers: [registry] });
    gauge.set(0);
    this.onChange((isLeader) => gauge.set(isLeader ? 1 : 0));
  }

  get #place(): { lease: string; identity: string } {
    return { lease: this.#options.name, identity: this.#options.identity };
  }
}

/** Who else has said lately that they are there. */
class Company {
  readonly #self: string;
  readonly #timeout: number;
  readonly #seen = new Map<string, { readonly sequence: number; readonly at: number }>();
  #since: number | undefined;

  constructor(self: string, timeout: number) {
    this.#self = self;
    this.#timeout = timeout;
  }

  /** Whether nobody else has said anything new for the timeout, in which somebody looked. */
  isAlone(claims: readonly LeaseClaim[], now: number): boolean {
    this.#since ??= now;
    let latest = this.#since;
    for (const { holder, sequence } of claims) {
      if (holder === this.#self) continue;
      const seen = this.#seen.get(holder);
      const at = seen?.sequence === sequence ? seen.at : now;
      this.#seen.set(holder, { sequence, at });
      latest = Math.max(latest, at);
    }
    const present = new Set(claims.map(({ holder }) => holder));
    for (const holder of this.#seen.keys()) if (!present.has(holder)) this.#seen.delete(holder);
    return now - latest >= this.#timeout;
  }

  forget(): void {
    this.#since = undefined;
    this.#seen.clear();
  }
}

function noop(): void {}
