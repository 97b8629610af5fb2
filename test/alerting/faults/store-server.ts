import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type Children, untilReady } from '../../../bench/children.ts';
import { freePort } from '../../../bench/contenders/contender.ts';

const PROGRAM = join(import.meta.dirname, '../../clickhouse-server.js');

/** A ClickHouse server as a process of its own, that can be killed and started again with what it has stored. */
export class StoreServer {
  readonly #children: Children;
  readonly #directory: string;
  #child: Child | undefined;
  #port = 0;

  constructor({ children, directory }: { readonly children: Children; readonly directory: string }) {
    this.#children = children;
    this.#directory = join(directory, 'clickhouse');
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true });
    this.#port ||= await freePort();
    const log = `${this.#directory}.log`;
    const command = [process.execPath, PROGRAM, join(this.#directory, 'data'), String(this.#port)] as const;
    this.#child = this.#children.start('clickhouse', command, { log });
    await untilReady(this.#child, `${this.url}/ping`, { timeout: 60_000, log });
  }

  async kill(): Promise<void> {
    if (this.#child !== undefined) await this.#children.kill(this.#child);
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await this.#children.stop(this.#child);
  }
}
