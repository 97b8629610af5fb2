import type { DiscoveryConfig } from '../../collector/scrape/scrape-config.ts';
import { buildKubernetesDiscovery } from './build-kubernetes-discovery.ts';
import { buildServer } from './build-server.ts';
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
    const { url, client } = buildServer(entry.url, entry, reading);
    configs.push({ kind: 'http', url, refreshInterval: entry.refresh_interval || 60_000, client });
  }
  for (const entry of settings.kubernetes_sd_configs) configs.push(buildKubernetesDiscovery(entry, reading));
  return configs;
}
