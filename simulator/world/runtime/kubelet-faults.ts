/** What is made to go wrong with the pages of single kubelets, by node name. */
export class KubeletFaults {
  readonly #hanging = new Set<string>();
  readonly #garbage = new Set<string>();
  readonly #skew = new Map<string, number>();

  /** Requests are accepted and never answered. */
  hang(node: string): void {
    this.#hanging.add(node);
  }

  /** Pages are cut in the middle and continue with what is no text at all. */
  garbage(node: string): void {
    this.#garbage.add(node);
  }

  /** The node's clock is ahead by so many milliseconds, or behind. */
  skewClock(node: string, milliseconds: number): void {
    this.#skew.set(node, milliseconds);
  }

  /** Ends all of a node's faults. */
  clear(node: string): void {
    this.#hanging.delete(node);
    this.#garbage.delete(node);
    this.#skew.delete(node);
  }

  isHanging(node: string): boolean {
    return this.#hanging.has(node);
  }

  sendsGarbage(node: string): boolean {
    return this.#garbage.has(node);
  }

  /** 0 for a right clock. */
  skewOf(node: string): number {
    return this.#skew.get(node) ?? 0;
  }
}
