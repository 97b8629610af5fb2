import { resolve } from 'node:path';
import { type Address, formatAddress } from '../server-options.ts';
import { buildConfig } from './build-config.ts';
import type { PharosConfig } from './config.ts';
import { fileShape } from './file-keys.ts';
import { ConfigError } from './problem.ts';
import { Reading } from './reading.ts';

/**
 * The configuration of a server that was given no file: this machine and Pharos itself, often enough that
 * `rate(…[30s])` has an answer within the first minute, and the built-in rules. The pharos.yml of the repository
 * explains it key by key.
 */
export function defaultConfig({ listen }: { readonly listen: Address }): PharosConfig {
  const reading = new Reading();
  const text = defaultConfigText(listen);
  const settings = reading.read(fileShape, { name: 'default', path: resolve('default'), text });
  const config = buildConfig(settings, reading, { file: undefined, environment: {}, moreScrapeConfigs: [] });
  if (reading.problems.length > 0) throw new ConfigError(reading.problems);
  return config;
}

function defaultConfigText(listen: Address): string {
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? 'localhost' : listen.host;
  return `
global:
  scrape_interval: 15s
  evaluation_interval: 15s
scrape_configs:
  - job_name: pharos
    scrape_interval: 5s
    scrape_timeout: 4s
    static_configs:
      - targets: [${JSON.stringify(formatAddress({ host, port: listen.port }))}]
builtin_rules: true
host_metrics:
  enabled: true
  interval: 5s
server:
  listen: ${JSON.stringify(formatAddress(listen))}
`;
}
