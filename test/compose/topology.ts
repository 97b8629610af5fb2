import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Child, Children } from '../../bench/children.ts';
import type { ComposeFile, ComposeService } from './compose-file.ts';
import type { Image } from './image.ts';

export interface TopologyOptions {
  /** Of the checkout, where the compose file is. */
  readonly root: string;
  readonly compose: ComposeFile;
  readonly image: Image;
  /** Where the files of the image lie. */
  readonly program: string;
  /** For volumes, secrets and logs. */
  readonly scratch: string;
  readonly children: Children;
  /** By the names of secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Changes a file that is mounted, when it is not to be as it is in the checkout. */
  readonly edit: (file: string, text: string) => string;
}

/** How long a service may take until it is well. */
const WELL_WITHIN = 60_000;

/**
 * The services of a compose file as processes of this machine. A container becomes an address of loopback, so that ports are those of
 * the file; names of services become addresses and paths in containers become paths here, in commands, environment and mounted files. ClickHouse is
 * played by the embedded engine behind its HTTP protocol; Grafana does not run, only what it is told can be asked for. Linux only.
 */
export class Topology {
  readonly #options: TopologyOptions;
  /** Apart from those of others that run at the same time. */
  readonly #net = `127.${64 + (process.pid % 128)}.${Math.floor(process.pid / 128) % 250}`;
  readonly #running = new Map<string, Child>();

  constructor(options: TopologyOptions) {
    this.#options = options;
    mkdirSync(path.join(options.scratch, 'secrets'), { recursive: true, mode: 0o700 });
    for (const name of Object.keys(options.compose.secrets)) {
      writeFileSync(path.join(options.scratch, 'secrets', name), `${options.secrets[name]}\n`);
    }
    for (const service of this.#services) {
      for (const { source, target } of service.mounts) {
        const here = path.join(options.scratch, service.name, target);
        if (source.startsWith('.')) this.#copyMount(service, path.join(options.root, source), here);
        else mkdirSync(here, { recursive: true });
      }
    }
  }

  get #services(): readonly ComposeService[] {
    return [...this.#options.compose.services.values()];
  }

  /** The address that stands for the container of a service. */
  address(name: string): string {
    return `${this.#net}.${this.#services.findIndex((service) => service.name === name) + 1}`;
  }

  /** What a service is told in its environment, as it is here. */
  environment(name: string): Readonly<Record<string, string>> {
    const service = this.#service(name);
    const { environment } = this.#options.image;
    const told = { ...(service.raw.build === undefined ? {} : environment), ...service.environment };
    return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, this.#here(service, String(value))]));
  }

  /** The directory here that is a path in the container of a service. */
  directory(name: string, target: string): string {
    return this.#here(this.#service(name), target);
  }

  /** Starts a service when those are well that it depends on, and resolves when it is well itself. */
  async start(name: string): Promise<void> {
    const { dependsOn } = this.#service(name);
    for (const other of dependsOn) if (!this.#running.has(other)) await this.start(other);
    const log = this.#log(name);
    this.#running.set(name, this.#options.children.start(name, this.#command(this.#service(name)), { log }));
    await this.untilWell(name);
  }

  /** Ends a service as a crash would. */
  async kill(name: string): Promise<void> {
    await this.#options.children.kill(this.#running.get(name)!);
    this.#running.delete(name);
  }

  /** Asks a service to end, and resolves with its exit code. */
  async stop(name: string): Promise<number | null> {
    const child = this.#running.get(name)!;
    await this.#options.children.stop(child);
    this.#running.delete(name);
    return child.process.exitCode;
  }

  /** Runs the health command of a service until it succeeds. */
  async untilWell(name: string): Promise<void> {
    for (const over = Date.now() + WELL_WITHIN; !(await this.#isWell(this.#service(name))); await sleep(250)) {
      if (Date.now() < over && this.#running.get(name)?.process.exitCode === null) continue;
      const log = readFileSync(this.#log(name), 'utf8').split('\n').slice(-15).join('\n');
      throw new Error(`${name} does not get well; it logged:\n${log}`);
    }
  }

  async #isWell(service: ComposeService): Promise<boolean> {
    const [command, ...args] = service.health.map((word) => this.#here(service, word));
    if (command === 'node') {
      const [code] = await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
      return code === 0;
    }
    // Another program of the image, that asks for this.
    const url = args.find((word) => word.startsWith('http://'))!;
    return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
  }

  #command(service: ComposeService): [string, ...string[]] {
    const { image, program, scratch, root } = this.#options;
    const [, ...entrypoint] = image.entrypoint;
    if (service.raw.build !== undefined) {
      const told = Object.entries(this.environment(service.name)).map(([name, value]) => `${name}=${value}`);
      const command = service.command.map((word) => this.#here(service, word));
      return ['env', '-i', '-C', program, ...told, process.execPath, ...entrypoint, ...command];
    }
    const [data] = service.mounts.filter(({ source }) => !source.startsWith('.'));
    return [
      process.execPath,
      path.join(root, 'dist/test/clickhouse-server.js'),
      this.directory(service.name, data!.target),
      `${this.address(service.name)}:${service.expose[0]}`,
      service.environment.CLICKHOUSE_USER!,
      path.join(scratch, 'secrets', service.secrets[0]!),
    ];
  }

  #service(name: string): ComposeService {
    return this.#options.compose.services.get(name)!;
  }

  #log(name: string): string {
    return path.join(this.#options.scratch, `${name}.log`);
  }

  #copyMount(service: ComposeService, from: string, to: string): void {
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true });
    if (!statSync(to).isDirectory()) return;
    for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
      if (!/\.ya?ml$/.test(name)) continue;
      const file = path.join(to, name);
      writeFileSync(file, this.#options.edit(name, this.#here(service, readFileSync(file, 'utf8'))));
    }
  }

  /** Text of a container as it is here: names and addresses first, then paths. */
  #here(service: ComposeService, text: string): string {
    const names = this.#services.map(({ name }) => name).join('|');
    let here = text
      .replace(new RegExp(`\\b(${names}):(?=\\d)`, 'g'), (_, name: string) => `${this.address(name)}:`)
      .replace(/\b(0\.0\.0\.0|127\.0\.0\.1):(?=9090|8123)/g, `${this.address(service.name)}:`);
    for (const { target } of service.mounts) {
      here = here.replaceAll(target, path.join(this.#options.scratch, service.name, target));
    }
    return here.replaceAll('/run/secrets/', `${path.join(this.#options.scratch, 'secrets')}/`);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
