import type { Logger } from 'pino';
import { type Clock, wait } from '../../../clock/clock.ts';
import { type ApiCaller, reasonOf } from '../api-caller.ts';
import { type AccessConfiguration, accessConfiguration } from './access-configuration.ts';

export interface FollowedConfigurationOptions {
  readonly api: ApiCaller;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after each change, the first reading too. */
  readonly onChange: (configuration: AccessConfiguration) => void;
  /** Milliseconds between two looks. Default 30,000. */
  readonly interval?: number | undefined;
  /** Milliseconds until the second look when the first one failed; doubled each time up to the interval. Default 1,000. */
  readonly retry?: number | undefined;
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

interface ConfigMap {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, unknown>> | null;
}

/**
 * The ConfigMap in which the API server says which front proxies and clients it vouches for, read again and again: certificate
 * authorities are exchanged while everything runs. What was read last counts as long as nothing newer can be read.
 */
export class FollowedConfiguration {
  readonly #options: FollowedConfigurationOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #current: AccessConfiguration | undefined;
  #version: string | undefined;
  /** What was told last of a failure. */
  #failure: string | undefined;

  /** Reads it from now on. */
  constructor(options: FollowedConfigurationOptions) {
    this.#options = options;
    this.#running = this.#follow();
  }

  /** Undefined until it could be read for the first time. */
  get current(): AccessConfiguration | undefined {
    return this.#current;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('access control was closed'));
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { clock, interval = 30_000, retry = 1_000 } = this.#options;
    const { signal } = this.#closing;
    for (let pause = retry; !signal.aborted; pause = Math.min(2 * pause, interval)) {
      await this.#read();
      await wait(clock, this.#current === undefined ? pause : interval, signal);
    }
  }

  async #read(): Promise<void> {
    const { api, logger, onChange } = this.#options;
    const { signal } = this.#closing;
    try {
      const { metadata, data } = (await api.get(PATH, { signal })) as ConfigMap;
      const version = `${metadata?.uid}/${metadata?.resourceVersion}`;
      if (version !== this.#version) {
        const configuration = accessConfiguration(data ?? {});
        if (signal.aborted) return;
        this.#current = configuration;
        this.#version = version;
        onChange(configuration);
        const { frontProxy, clients } = configuration;
        const of = {
          frontProxy: frontProxy !== undefined,
          allowedNames: frontProxy?.allowedNames,
          clients: clients !== undefined,
        };
        logger.info(of, 'read who may ask for metrics on behalf of others');
      }
      this.#failure = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const reason = reasonOf(error);
      if (reason === this.#failure) return;
      this.#failure = reason;
      const meanwhile = this.#current === undefined ? 'nobody is let in' : 'what was read before still counts';
      logger.warn({ reason }, `cannot read ConfigMap kube-system/extension-apiserver-authentication, ${meanwhile}`);
    }
  }
}
