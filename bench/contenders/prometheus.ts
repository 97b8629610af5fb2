import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilReady } from '../children.ts';
import { type Contender, type ContenderOptions, diskBytes, freePort } from './contender.ts';

/** Starts Prometheus. Its samples settle in a block, which the snapshot API writes at once instead of after two hours. */
export async function startPrometheus(program: string, options: ContenderOptions): Promise<Contender> {
  const { children, directory, args = [] } = options;
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, options.config);
  const data = join(directory, 'data');
  const log = join(directory, 'log');
  const url = `http://127.0.0.1:${await freePort()}`;
  const command: [string, ...string[]] = [
    program,
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${url.slice('http://'.length)}`,
    '--web.enable-admin-api',
    '--log.level=warn',
    ...args,
  ];
  const child = children.start('prometheus', command, { log });
  await untilReady(child, `${url}/-/ready`, { timeout: 60_000, log });
  return {
    name: 'prometheus',
    child,
    url,
    async flush() {},
    async diskUse() {
      const now = await diskBytes(data);
      const response = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, {
        method: 'POST',
        signal: AbortSignal.timeout(300_000),
      });
      const answer = (await response.json()) as { data?: { name: string }; error?: string };
      if (answer.data === undefined) throw new Error(`prometheus made no snapshot: ${answer.error ?? response.status}`);
      const snapshot = join(data, 'snapshots', answer.data.name);
      const all = await diskBytes(snapshot);
      let samples = 0;
      for (const block of readdirSync(snapshot)) samples += await diskBytes(join(snapshot, block, 'chunks'));
      return { now, samples, index: all - samples, how: 'chunks and index of the block that the snapshot API wrote' };
    },
  };
}
