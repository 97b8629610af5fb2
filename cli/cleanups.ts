/** What a role's main has started and must end: run in reverse order, once, each to its end even when another fails. */
export class Cleanups {
  readonly #steps: { readonly what: string; readonly run: () => unknown }[] = [];
  #running: Promise<void> | undefined;

  /** `what` is named in the log when the step fails. */
  add(what: string, run: () => unknown): void {
    this.#steps.push({ what, run });
  }

  /** Resolves when every step has ended; failures go to `report`. A second call waits for the first. */
  run(report: (what: string, error: unknown) => void): Promise<void> {
    this.#running ??= (async () => {
      for (const { what, run } of this.#steps.reverse()) {
        try {
          await run();
        } catch (error) {
          report(what, error);
        }
      }
    })();
    return this.#running;
  }
}
