import type { DiscoveryConfig, HttpClientConfig } from '../../collector/scrape/scrape-config.ts';
import { Secret } from '../../collector/secret.ts';
import { buildHttpClient } from './build-client.ts';
import type { DiscoverySettings } from './discovery-keys.ts';
import type { Reading } from './reading.ts';

const FILE_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

/** `needsHostPort`: no relabelling can repair targets that are URLs. */
export function buildDiscovery(
  settings: DiscoverySettings,
  reading: Reading,
  options: { readonly needsHostPort: boolean },
): DiscoveryConfig[] {
  const configs: DiscoveryConfig[] = [];
  if (settings.static_configs.length > 0) {
    const groups = settings.static_configs.map(({ targets, labels }, i) => {
      for (const [j, target] of targets.entries()) {
        if (options.needsHostPort && target.includes('/')) {
          reading.report(
            reading.placeOf(targets, j),
            `expected HOST:PORT, got ${JSON.stringify(target)}; the path goes into metrics_path, http or https into scheme`,
          );
        }
      }
      return { targets, labels: { ...labels }, source: `static/${i}` };
    });
    configs.push({ kind: 'static', groups });
  }
  for (const entry of settings.file_sd_configs) {
    if (entry.files.length === 0 && reading.isGiven(entry, 'files')) {
      reading.report(reading.placeOf(entry, 'files'), 'expected at least one file, got none');
    }
    for (const [i, file] of entry.files.entries()) {
      if (!FILE_PATTERN.test(file)) {
        reading.report(
          reading.placeOf(entry.files, i),
          `expected a .json, .yml or .yaml file with at most one * in its last component, got ${JSON.stringify(file)}`,
        );
      }
    }
    configs.push({ kind: 'file', files: entry.files, refreshInterval: entry.refresh_interval || 5 * 60_000 });
  }
  for (const entry of settings.http_sd_configs) {
    const client = buildHttpClient(entry, reading);
    const { url, basicAuth } = withoutUserInfo(entry.url);
    configs.push({
      kind: 'http',
      url,
      refreshInterval: entry.refresh_interval || 60_000,
      client: basicAuth === undefined || hasLogin(client) ? client : { ...client, basicAuth },
    });
  }
  return configs;
}

function hasLogin(client: HttpClientConfig): boolean {
  return client.basicAuth !== undefined || client.authorization !== undefined;
}

/** A user and a password in a URL become what they mean, so that the URL can be shown. */
export function withoutUserInfo(given: string): {
  readonly url: string;
  readonly basicAuth: HttpClientConfig['basicAuth'];
} {
  if (!URL.canParse(given)) return { url: given, basicAuth: undefined };
  const url = new URL(given);
  if (url.username === '' && url.password === '') return { url: given, basicAuth: undefined };
  const basicAuth = {
    username: decodeURIComponent(url.username),
    usernameFile: undefined,
    password: new Secret(decodeURIComponent(url.password)),
    passwordFile: undefined,
  };
  url.username = '';
  url.password = '';
  return { url: url.href, basicAuth };
}
