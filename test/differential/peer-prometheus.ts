import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Children, untilReady } from '../../bench/children.ts';
import { freePort } from '../../bench/contenders/contender.ts';

/** Starts a Prometheus that receives remote writes, with feature flags; resolves with its URL when it is ready. */
export async function startPeer(
  program: string,
  options: { readonly children: Children; readonly directory: string; readonly features: readonly string[] },
): Promise<string> {
  const { children, directory, features } = options;
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, 'global: { scrape_interval: 1m, evaluation_interval: 1m }\n');
  const url = `http://127.0.0.1:${await freePort()}`;
  const log = join(directory, 'log');
  const child = children.start(
    'prometheus',
    [
      program,
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      // One head block takes all of the data in any order of the series; the data is of a fixed day, so keep it.
      '--storage.tsdb.min-block-duration=24h',
      '--storage.tsdb.max-block-duration=24h',
      '--storage.tsdb.retention.time=100y',
      '--web.enable-remote-write-receiver',
      `--web.listen-address=${url.slice('http://'.length)}`,
      '--log.level=warn',
      `--enable-feature=${features.join(',')}`,
    ],
    { log },
  );
  await untilReady(child, `${url}/-/ready`, { timeout: 60_000, log });
  return url;
}
