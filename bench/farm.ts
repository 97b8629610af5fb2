import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Child, Children } from './children.ts';
import type { FarmCounts, FarmOptions } from './target-farm.ts';

/** A running target farm, see target-farm.ts. */
export interface Farm {
  readonly child: Child;
  readonly port: number;
  /** What this reader was sent until now, or until a time (Unix milliseconds). */
  served(reader: string, until?: number): Promise<FarmCounts>;
  /** Every scrape from now on is refused. Pages that are on their way are counted when they have left. */
  pause(): Promise<void>;
}

/** Starts a farm as a child process and waits until it serves. */
export async function startFarm(children: Children, options: FarmOptions, log: string): Promise<Farm> {
  const program = join(import.meta.dirname, `target-farm${extname(import.meta.filename)}`);
  const child = children.start('target farm', [process.execPath, program, JSON.stringify(options)], {
    log,
    stdout: 'pipe',
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.process.stdout! }).once('line', (line) =>
      resolve((JSON.parse(line) as { port: number }).port),
    );
    void child.exited.then(() => reject(new Error(`the target farm ended; see ${log}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    child,
    port,
    async served(reader, until) {
      const response = await fetch(`${url}/served${until === undefined ? '' : `?until=${until}`}`, {
        signal: AbortSignal.timeout(10_000),
      });
      const counts = (await response.json()) as Record<string, FarmCounts>;
      return counts[reader] ?? { pages: 0, samples: 0 };
    },
    async pause() {
      await (await fetch(`${url}/pause`, { method: 'POST', signal: AbortSignal.timeout(10_000) })).arrayBuffer();
      // What was begun is sent within moments on the loopback interface.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    },
  };
}
