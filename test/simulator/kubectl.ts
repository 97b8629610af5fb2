import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from '../../bench/contenders/contender.ts';

/** kubectl's programs: those that PHAROS_KUBECTL names, with colons between them, or the one in PATH. */
export function findKubectls(environment: NodeJS.ProcessEnv): readonly string[] {
  return (environment.PHAROS_KUBECTL ?? 'kubectl').split(':').flatMap((name) => findProgram([name]) ?? []);
}

export interface RunOptions {
  /** Name of the kubeconfig that was written. Default: admin. */
  readonly user?: string;
  /** Ends the program once it has printed this, which is then no failure. */
  readonly until?: string;
}

/** A kubectl with a directory of its own: its home, its kubeconfigs and the files it is given. */
export class Kubectl {
  readonly #program: string;
  readonly #directory: string;

  private constructor(program: string, directory: string) {
    this.#program = program;
    this.#directory = directory;
  }

  static async create(program: string): Promise<Kubectl> {
    return new Kubectl(program, await mkdtemp(path.join(tmpdir(), 'pharos-kubectl-')));
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(path.join(this.#directory, name), text);
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** What it prints, with several blanks made one; rejects with what it says when it fails or takes 15 seconds. */
  run(command: string, { user = 'admin', until }: RunOptions = {}): Promise<string> {
    const home = this.#directory;
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: path.join(home, user) };
    const child = spawn(this.#program, command.split(' '), { env, cwd: home });
    const timer = setTimeout(() => child.kill(), 15_000);
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      output += data;
      if (until !== undefined && output.includes(until)) child.kill();
    });
    child.stderr.on('data', (data) => (errors += data));
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (code) => {
        clearTimeout(timer);
        const done = code === 0 || (until !== undefined && output.includes(until));
        const text = (done ? output : output + errors).replace(/ +/g, ' ').replace(/ $/gm, '');
        if (done) resolve(text);
        else reject(new Error(`kubectl ${command} exited with ${code}: ${text}`));
      });
    });
  }
}
