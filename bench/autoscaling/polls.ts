/** What polls came to. Times are milliseconds. */
export interface PollResult {
  /** Of those that were answered as they should be; sorted. */
  readonly latencies: readonly number[];
  /** The others, by what was wrong with them. */
  readonly wrong: ReadonlyMap<string, number>;
}

export interface PollOptions {
  /** How many ask, each its questions one after the other, spread over the interval. */
  readonly pollers: number;
  /** Milliseconds between two polls of each. */
  readonly interval: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Questions of a poller. Each resolves with undefined, or with what is wrong with the answer. */
  questions(poller: number): readonly (() => Promise<string | undefined>)[];
}

/** Waiting for the next poll, at most. */
const NAP = 20;

/** Polls at a steady rate, whether or not answers come in time: who is late is asked all the same. */
export async function poll({ pollers, interval, duration, questions }: PollOptions): Promise<PollResult> {
  const latencies: number[] = [];
  const wrong = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  const total = Math.floor((duration / interval) * pollers);
  const ask = async (poller: number): Promise<void> => {
    for (const question of questions(poller)) {
      const asked = performance.now();
      const problem = await question().catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      if (problem === undefined) latencies.push(performance.now() - asked);
      else wrong.set(problem, (wrong.get(problem) ?? 0) + 1);
    }
  };
  for (let i = 0; i < total; i++) {
    const due = began + (i * interval) / pollers;
    while (performance.now() < due) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(NAP, Math.max(0, due - performance.now()))));
    }
    const asked = ask(i % pollers).finally(() => pending.delete(asked));
    pending.add(asked);
  }
  await Promise.all(pending);
  return { latencies: latencies.sort((a, b) => a - b), wrong };
}
