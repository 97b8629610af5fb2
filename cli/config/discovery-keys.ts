import { httpClientKeys } from './http-client-keys.ts';
import { badLabelName, duration, nonEmptyText, path, text, url } from './scalars.ts';
import { key, list, map, notServed, record, required, type ValueOf } from './shape.ts';

const staticKeys = {
  targets: key(list(nonEmptyText), [], 'Addresses, HOST:PORT.'),
  labels: key(record(text, badLabelName), {}, 'Labels of these targets.'),
};

const fileKeys = {
  files: required(list(path), 'JSON or YAML files with target groups; the last component may hold a *.'),
  refresh_interval: key(duration, 5 * 60_000, 'How often to look at the files even when no change was noticed.'),
};

const httpKeys = {
  url: required(url, 'Where the target groups are asked for, as JSON.'),
  refresh_interval: key(duration, 60_000, 'How often to ask.'),
  ...httpClientKeys,
};

const OTHERS = [
  'aws',
  'azure',
  'consul',
  'digitalocean',
  'dns',
  'docker',
  'dockerswarm',
  'ec2',
  'ecs',
  'elasticache',
  'eureka',
  'gce',
  'hetzner',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'msk',
  'nerve',
  'nomad',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'rds',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
] as const;

type OtherKeys = Readonly<Record<`${(typeof OTHERS)[number]}_sd_configs`, ReturnType<typeof notServed>>>;

const otherKeys = Object.fromEntries(
  OTHERS.map((name) => [
    `${name}_sd_configs`,
    notServed(`${name}_sd_configs is not served yet: no targets come from it`, ['']),
  ]),
) as OtherKeys;

/** Where targets come from. */
export const discoveryKeys = {
  static_configs: key(list(map(staticKeys)), [], 'Targets that are listed here.'),
  file_sd_configs: key(list(map(fileKeys)), [], 'Targets that are listed in files, which are watched.'),
  http_sd_configs: key(list(map(httpKeys)), [], 'Targets that an HTTP server lists.'),
  ...otherKeys,
};

export type DiscoverySettings = ValueOf<typeof discoveryKeys>;
