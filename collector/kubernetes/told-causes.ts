/**
 * What the watches of one cluster have told of their failures. When the API server is away all of them fail for one cause,
 * which need not be told as often as there are watches.
 */
export class ToldCauses {
  /** Who has told a cause and still has it. */
  readonly #tellers = new Map<string, object>();

  /** Whether this one is to tell the cause: nobody does who has it too. */
  begin(cause: string, who: object): boolean {
    const teller = this.#tellers.get(cause);
    if (teller === undefined) this.#tellers.set(cause, who);
    return teller === undefined || teller === who;
  }

  /** The cause is over for this one; whoever has it still, or again, may tell it from now on. */
  end(who: object): void {
    for (const [cause, teller] of this.#tellers) if (teller === who) this.#tellers.delete(cause);
  }
}
