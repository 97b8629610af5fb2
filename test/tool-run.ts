import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from '../bench/children.ts';

export interface ToolRunOptions {
  /** Begins the name of the directory. */
  readonly name: string;
  /** Leave the directory there. */
  readonly keep: boolean | undefined;
  /** Whether all was well. What it rejects with is printed, and nothing was well. */
  readonly run: (children: Children, directory: string) => Promise<boolean>;
}

/** Runs a tool of the command line with a directory of its own, and ends its processes with it. The exit code says how it went. */
export async function toolRun({ name, keep, run }: ToolRunOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  const children = new Children(keep ? undefined : directory);
  try {
    process.exitCode = (await run(children, directory)) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    await children.stopAll();
    if (keep) say(`kept: ${directory}`);
    else rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Prints a line with the time of day. */
export function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}
