import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';

/** How a child is started beside its command line. */
export interface ChildOptions {
  /** File for what it prints; standard error only when `stdout` is 'pipe'. */
  readonly log: string;
  readonly stdout?: 'pipe';
}

/** A child that runs, or ran. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when it is gone. */
  readonly exited: Promise<void>;
}

/**
 * The processes that a benchmark started. None outlives it: `stopAll` is called at the end, and on SIGINT and SIGTERM all
 * are killed before the benchmark ends itself. Only these processes are ever signalled, by their pid.
 */
export class Children {
  readonly #running = new Set<Child>();
  readonly #scratch: string | undefined;
  readonly #onSignal = (signal: NodeJS.Signals) => {
    this.#killAll();
    if (this.#scratch !== undefined) rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 5 });
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  readonly #onExit = () => this.#killAll();

  /** `scratch` is removed when a signal ends the benchmark; in the ordinary way its owner removes it. */
  constructor(scratch?: string) {
    this.#scratch = scratch;
    process.once('SIGINT', this.#onSignal);
    process.once('SIGTERM', this.#onSignal);
    process.once('exit', this.#onExit);
  }

  /** Starts a program. Its standard input is a pipe that closes with the benchmark. */
  start(name: string, [command, ...args]: readonly [string, ...string[]], options: ChildOptions): Child {
    const log = openSync(options.log, 'a');
    const child = spawn(command, args, { stdio: ['pipe', options.stdout ?? log, log] });
    closeSync(log);
    if (child.pid === undefined) {
      child.on('error', () => {});
      throw new Error(`cannot start ${name}: ${command}`);
    }
    const started: Child = {
      name,
      pid: child.pid,
      process: child,
      exited: new Promise((resolve) => {
        child.once('exit', () => {
          this.#running.delete(started);
          resolve();
        });
      }),
    };
    this.#running.add(started);
    return started;
  }

  /** Asks it to end, kills it when it has not within the time, and waits until it is gone. */
  async stop(child: Child, timeout = 30_000): Promise<void> {
    if (!this.#running.has(child)) return;
    child.process.kill('SIGTERM');
    const timer = setTimeout(() => child.process.kill('SIGKILL'), timeout);
    await child.exited;
    clearTimeout(timer);
  }

  /** Kills it at once, as a crash would, and waits until it is gone. */
  async kill(child: Child): Promise<void> {
    if (!this.#running.has(child)) return;
    child.process.kill('SIGKILL');
    await child.exited;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop(child, 10_000)));
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    process.off('exit', this.#onExit);
  }

  #killAll(): void {
    for (const child of this.#running) child.process.kill('SIGKILL');
  }
}

/**
 * Asks until the URL answers 200. Fails when the child ends first or the time is over, with the last lines that the
 * child logged.
 */
export async function untilReady(child: Child, url: string, options: { timeout: number; log: string }): Promise<void> {
  const deadline = Date.now() + options.timeout;
  let gone = false;
  void child.exited.then(() => {
    gone = true;
  });
  for (;;) {
    const ready = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status === 200;
      },
      () => false,
    );
    if (ready) return;
    if (gone || Date.now() > deadline) {
      const tail = readFileSync(options.log, 'utf8').split('\n').slice(-15).join('\n');
      throw new Error(`${child.name} ${gone ? 'ended' : 'did not answer in time'} at ${url}; it logged:\n${tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
