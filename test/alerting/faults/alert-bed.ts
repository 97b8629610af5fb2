import { pause } from '../life/steps.ts';
import type { FaultSurroundings } from './alert-fault.ts';
import { AlertServer, type AlertServerOptions } from './alert-server.ts';
import { FaultReceiver } from './fault-receiver.ts';
import { GaugeTarget } from './gauge-target.ts';
import { type Verdict, type VerdictOptions, verdict } from './verdict.ts';

/** How long a busy machine may take for what should take seconds, or a minute where ends are held back. */
const PATIENCE = 100_000;
/** After which nothing more is expected to be told. */
const QUIET = 8_000;

/** A target and a receiver in this process, and servers beside it. */
export class AlertBed {
  readonly target = new GaugeTarget();
  readonly receiver: FaultReceiver;
  readonly #surroundings: FaultSurroundings;
  readonly #servers: AlertServer[] = [];

  constructor(surroundings: FaultSurroundings, receiver = new FaultReceiver()) {
    this.#surroundings = surroundings;
    this.receiver = receiver;
  }

  /** Target and receiver listen. */
  async open(): Promise<void> {
    await this.target.start();
    await this.receiver.start();
  }

  /** Starts a server; without a name it is `one`. */
  async server(options: Partial<AlertServerOptions> = {}): Promise<AlertServer> {
    const { children, directory } = this.#surroundings;
    const server = new AlertServer({
      ...{ children, directory, name: 'one', target: this.target.address, receiver: this.receiver.url },
      ...options,
    });
    this.#servers.push(server);
    await server.start();
    return server;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.signal('SIGCONT');
      await server.stop();
    }
    await Promise.all([this.target.vanish(), this.receiver.stop()]);
  }

  /** Looks ten times a second until it holds; whether it did within the time. */
  async until(holds: () => boolean | Promise<boolean>, timeout = PATIENCE): Promise<boolean> {
    for (const deadline = Date.now() + timeout; Date.now() < deadline; await pause(100)) if (await holds()) return true;
    return false;
  }

  /** Waits until the receiver knows of all beginnings and ends, or the time is over, and then whether more is told. */
  async settle(options?: VerdictOptions): Promise<Verdict> {
    const isTold = (): boolean => {
      const { lost, endless } = this.verdict(options);
      return lost.length + endless.length === 0;
    };
    await this.until(isTold);
    await pause(QUIET);
    return this.verdict(options);
  }

  verdict(options?: VerdictOptions): Verdict {
    return verdict(this.target.episodes(), this.receiver.told, options);
  }
}
