import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Episode } from './episode.ts';

/** The metric that `FAULT_RULES` read; its labels are `id` and `group`. */
export const VALUE = 'fault_value';
/** The metric of policies; its label is `node`. */
export const LEVEL = 'fault_level';

/** Above the thresholds of rules and policies, and below. */
export const HIGH = 100;
export const LOW = 1;

interface Gauge {
  readonly text: string;
  value: number;
}

/** A target whose values the tool sets, with the episodes that this makes of the rule Faulty. */
export class GaugeTarget {
  readonly #gauges = new Map<string, Gauge>();
  readonly #episodes = new Map<string, { readonly id: string; readonly from: number; to: number }>();
  #server: Server | undefined;
  #port = 0;

  /** Listens, after a `vanish` at the same port again. */
  async start(): Promise<void> {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(this.#text());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Refuses connections from now on. */
  async vanish(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Begins an episode; every id once. */
  fire(id: string, group: string): void {
    const name = `Faulty/${id}`;
    if (this.#episodes.has(name)) throw new Error(`an episode must have an id of its own, got ${id} twice`);
    this.#gauges.set(name, { text: `${VALUE}{id="${id}",group="${group}"}`, value: HIGH });
    this.#episodes.set(name, { id: name, from: Date.now(), to: Number.POSITIVE_INFINITY });
  }

  /** Ends it: its series goes on. */
  end(id: string): void {
    const name = `Faulty/${id}`;
    const episode = this.#episodes.get(name);
    if (episode === undefined) throw new Error(`there is no episode ${id}`);
    this.#gauges.get(name)!.value = LOW;
    episode.to = Math.min(episode.to, Date.now());
  }

  /** Ends all that last. */
  endAll(): void {
    for (const { id, to } of this.#episodes.values())
      if (to === Number.POSITIVE_INFINITY) this.end(id.slice(id.indexOf('/') + 1));
  }

  /** Sets the value that policies read. */
  level(node: string, value: number): void {
    this.#gauges.set(`level ${node}`, { text: `${LEVEL}{node="${node}"}`, value });
  }

  episodes(): readonly Episode[] {
    return [...this.#episodes.values()].map((episode) => ({ ...episode }));
  }

  #text(): string {
    const lines = [`# TYPE ${VALUE} gauge`, `# TYPE ${LEVEL} gauge`];
    for (const { text, value } of this.#gauges.values()) lines.push(`${text} ${value}`);
    return `${lines.join('\n')}\n`;
  }
}
