import { fraction, hash32, noise } from '../random.ts';

/** How full the volumes of claims are: functions of the claim's name and the time, and of what a scenario filled. */
export class Volumes {
  readonly #filling = new Map<string, { readonly from: number; readonly until: number }>();

  /** From now on the claim (`namespace/name`) becomes full until then, and empty again an hour later. */
  fill(claim: string, { from, until }: { readonly from: number; readonly until: number }): void {
    this.#filling.set(claim, { from, until });
  }

  /** The share in use. */
  usedShare(claim: string, time: number): number {
    const usual = 0.2 + 0.45 * fraction(claim) + 0.03 * noise(hash32(claim), time, 6 * 3_600_000);
    const filling = this.#filling.get(claim);
    if (filling === undefined || time < filling.from || time > filling.until + 3_600_000) return usual;
    const share = Math.min(1, (time - filling.from) / (filling.until - filling.from));
    return usual + (0.995 - usual) * share;
  }
}
