/** What a step found out to be so, for whoever reads along. */
export type Findings = string | undefined;

/** Runs steps in order and prints how each went, with the time since the start; after one that failed the others are not tried. */
export class Steps {
  readonly #start = Date.now();
  failed = 0;
  #skipped = 0;

  /** Runs a step unless one before has failed. A step fails by rejecting. */
  async run(name: string, step: () => Promise<Findings>): Promise<void> {
    if (this.failed > 0) {
      this.#skipped++;
      return this.#print('not tried', name, '');
    }
    const began = Date.now();
    try {
      const findings = await step();
      const took = `${((Date.now() - began) / 1000).toFixed(1)} s`;
      this.#print('ok', name, findings === undefined ? took : `${took}: ${findings}`);
    } catch (error) {
      this.failed++;
      this.#print('FAILED', name, error instanceof Error ? error.message : String(error));
    }
  }

  /** One line about all of it. */
  summary(): string {
    const took = `${((Date.now() - this.#start) / 1000).toFixed(0)} s`;
    return this.failed === 0
      ? `all steps are ok, in ${took}`
      : `FAILED after ${took}, ${this.#skipped} steps were not tried`;
  }

  #print(outcome: string, name: string, text: string): void {
    const time = ((Date.now() - this.#start) / 1000).toFixed(1).padStart(6);
    console.log(`${time} s  ${outcome.padEnd(9)}  ${name}${text === '' ? '' : ` (${text})`}`);
  }
}

/** Asks every quarter of a second until there is an answer; rejects with what was waited for when the time is over. */
export async function until<T>(
  what: string,
  timeout: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} was expected within ${Math.round(timeout / 1000)} s`);
    await pause(250);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Throws an Error that says what was expected and what is, unless `holds`. */
export function expected(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
