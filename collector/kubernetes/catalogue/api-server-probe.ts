import type { Logger } from 'pino';
import { type Clock, wait } from '../../../clock/clock.ts';
import { type KubeClient, KubeError } from '../kube-client.ts';

export interface ApiServerProbeOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Milliseconds that who asks waits for the answer. */
  readonly patience: number;
  /** Nobody waits any more; the attempt under way ends by itself. */
  readonly signal: AbortSignal;
}

/** How long the API server may take to say that it is there. */
const TIMEOUT = 5_000;

/** Whether the API server is there, without holding up who asks for as long as one takes that is not. */
export class ApiServerProbe {
  readonly #options: ApiServerProbeOptions;
  #running: Promise<void> | undefined;
  #answer = Number.NaN;

  constructor(options: ApiServerProbeOptions) {
    this.#options = options;
  }

  /** 1 or 0: what it says in time, else what the attempt before came to; NaN when there was none. Never rejects. */
  async ask(): Promise<number> {
    const { clock, patience, signal } = this.#options;
    this.#running ??= this.#attempt().finally(() => {
      this.#running = undefined;
    });
    await Promise.race([this.#running, wait(clock, patience, signal)]);
    return this.#answer;
  }

  async #attempt(): Promise<void> {
    const { client, logger } = this.#options;
    try {
      await client.get('/version', { signal: AbortSignal.timeout(TIMEOUT) });
      this.#answer = 1;
    } catch (error) {
      // One that refuses us is there.
      const isThere = error instanceof KubeError && error.status >= 400 && error.status < 500;
      this.#answer = isThere ? 1 : 0;
      if (!isThere) logger.debug({ err: error }, 'the API server does not answer');
    }
  }
}
