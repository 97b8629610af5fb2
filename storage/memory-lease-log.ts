import { type LeaseClaim, type LeaseLog, MAX_CLAIMS } from './lease-log.ts';
import type { MemoryLogCheck } from './memory-log.ts';

/** A LeaseLog in an array, for several who share it in one process. */
export class MemoryLeaseLog implements LeaseLog {
  readonly #check: MemoryLogCheck;
  readonly #now: () => number;
  readonly #claims: LeaseClaim[] = [];

  constructor(check: MemoryLogCheck, now: () => number = Date.now) {
    this.#check = check;
    this.#now = now;
  }

  async claim(lease: Omit<LeaseClaim, 'renewedAt'>, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    const term = this.#claims.filter(({ name, term }) => name === lease.name && term === lease.term);
    if (lease.sequence === 1 && term.length > 0) return;
    const before = term.find(({ holder }) => holder === lease.holder);
    if (before !== undefined && before.sequence >= lease.sequence) return;
    if (before !== undefined) this.#claims.splice(this.#claims.indexOf(before), 1);
    this.#claims.push({ ...lease, renewedAt: this.#now() });
  }

  async read(name: string, signal: AbortSignal): Promise<readonly LeaseClaim[]> {
    this.#check(signal);
    const claims = this.#claims.filter((claim) => claim.name === name);
    return claims.sort((a, b) => b.term - a.term || (a.holder < b.holder ? 1 : -1)).slice(0, MAX_CLAIMS);
  }
}
