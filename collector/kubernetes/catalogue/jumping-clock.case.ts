import type { Clock } from '../../../clock/clock.ts';
import { ManualClock } from '../operator/manual-clock.case.ts';

/** A ManualClock whose wall clock can be set forward and back. */
export class JumpingClock implements Clock {
  readonly #steady = new ManualClock();
  #offset = 1_700_000_000_000;

  now(): number {
    return this.#steady.now() + this.#offset;
  }

  elapsed(): number {
    return this.#steady.elapsed();
  }

  schedule(milliseconds: number, call: () => void): () => void {
    return this.#steady.schedule(milliseconds, call);
  }

  /** Milliseconds by which the wall clock is wrong from now on. */
  jump(milliseconds: number): void {
    this.#offset += milliseconds;
  }

  advance(milliseconds: number): Promise<void> {
    return this.#steady.advance(milliseconds);
  }
}
