import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilReady } from '../children.ts';
import { type Contender, type ContenderOptions, diskBytes, freePort } from './contender.ts';

/** Starts a single-node VictoriaMetrics, which scrapes by itself. */
export async function startVictoriaMetrics(program: string, options: ContenderOptions): Promise<Contender> {
  const { children, directory, args = [] } = options;
  const config = join(directory, 'scrape.yml');
  writeFileSync(config, options.config);
  const data = join(directory, 'data');
  const log = join(directory, 'log');
  const url = `http://127.0.0.1:${await freePort()}`;
  const command: [string, ...string[]] = [
    program,
    `-promscrape.config=${config}`,
    `-storageDataPath=${data}`,
    `-httpListenAddr=${url.slice('http://'.length)}`,
    '-retentionPeriod=1y',
    '-search.maxUniqueTimeseries=10000000',
    '-search.maxSamplesPerQuery=1000000000',
    '-loggerLevel=WARN',
    ...args,
  ];
  const child = children.start('victoria-metrics', command, { log });
  await untilReady(child, `${url}/health`, { timeout: 60_000, log });
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(300_000) });
    await response.arrayBuffer();
  };
  return {
    name: 'victoria-metrics',
    child,
    url,
    flush: () => ask('/internal/force_flush'),
    async diskUse() {
      await ask('/internal/force_flush');
      const now = await diskBytes(data);
      await ask('/internal/force_merge');
      // Where the index lies depends on the version.
      const index = join(data, existsSync(join(data, 'indexdb')) ? 'indexdb' : 'data/indexdb');
      const [all, indexBytes] = [await diskBytes(join(data, 'data')), await diskBytes(index)];
      const samples = index === join(data, 'indexdb') ? all : all - indexBytes;
      return { now, samples, index: indexBytes, how: 'data and indexdb after force_merge' };
    },
  };
}
