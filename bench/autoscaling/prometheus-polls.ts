import { Agent, request } from 'undici';
import { CPU_METRIC, MEMORY_METRIC, namespaceOf, PODS_METRIC, podName } from './scaled-cluster.ts';

const CONNECTIONS = 16;
const TIMEOUT = 20_000;

/**
 * What an adapter asks Prometheus for each question of the controller: a query for a Pods metric, one for CPU and one for memory for a
 * Resource metric, each with the names of the pods in it.
 */
export class PrometheusPoller {
  readonly #url: string;
  readonly #pods: number;
  readonly #agent = new Agent({ connections: CONNECTIONS });

  constructor(url: string, pods: number) {
    this.#url = url;
    this.#pods = pods;
  }

  questions(autoscaler: number): readonly (() => Promise<string | undefined>)[] {
    const names = Array.from({ length: this.#pods }, (_, pod) => podName(autoscaler, pod)).join('|');
    const of = `namespace="${namespaceOf(autoscaler)}",pod=~"${names}"`;
    return [
      () => this.#ask(`sum by (pod) (${PODS_METRIC}{${of}})`),
      async () =>
        (await this.#ask(`sum by (pod, container) (rate(${CPU_METRIC}{${of},container!=""}[1m]))`)) ??
        (await this.#ask(`sum by (pod, container) (${MEMORY_METRIC}{${of},container!=""})`)),
    ];
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(query: string): Promise<string | undefined> {
    const { statusCode, body } = await request(`${this.#url}/api/v1/query`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query }).toString(),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await body.text();
    if (statusCode !== 200) return `HTTP ${statusCode}: ${text.slice(0, 200)}`;
    const { data } = JSON.parse(text) as { readonly data: { readonly result: readonly unknown[] } };
    return data.result.length === this.#pods ? undefined : `${data.result.length} items, wanted ${this.#pods}`;
  }
}
