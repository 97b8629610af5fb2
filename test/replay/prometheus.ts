import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Prometheus that takes remote writes and deletions, ready to be asked; everything it writes is in `directory`. */
export async function startPrometheus(
  program: string,
  { configFile, directory }: { readonly configFile: string; readonly directory: string },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const port = await freePort();
  const log = path.join(directory, 'prometheus.log');
  const output = openSync(log, 'a');
  const child = spawn(
    program,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${path.join(directory, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
    ],
    { stdio: ['ignore', output, output] },
  );
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  for (const end = Date.now() + 20_000; Date.now() < end && child.exitCode === null; await sleep(100)) {
    const ready = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (ready?.status === 200) return { url, close };
  }
  await close();
  throw new Error(`Prometheus did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
