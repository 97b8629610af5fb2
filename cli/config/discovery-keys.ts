import { httpClientKeys } from './http-client-keys.ts';
import { fieldSelector, labelSelector } from './kubernetes-selector.ts';
import { badLabelName, boolean, duration, existingFile, nonEmptyText, oneOf, path, text, url } from './scalars.ts';
import { key, list, map, notServed, optional, record, required, section, type ValueOf } from './shape.ts';

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

const kubernetesRole = oneOf('node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress');

const namespacesKeys = {
  own_namespace: key(boolean, false, 'The namespace of the pod that Pharos runs in.'),
  names: key(list(nonEmptyText), [], 'Namespaces. Without any, and without the own one: all of them.'),
};

const selectorKeys = {
  role: required(
    kubernetesRole,
    'Of which objects only some are asked for; which roles are possible depends on the role.',
  ),
  label: key(labelSelector, '', 'What their labels must be, in the syntax of kubectl -l.'),
  field: key(fieldSelector, '', 'What their fields must be, in the syntax of kubectl --field-selector.'),
};

const attachMetadataKeys = {
  node: key(boolean, false, 'Add the labels and annotations of the node to the targets of pods and endpoints.'),
  namespace: key(boolean, false, 'Add the labels and annotations of the namespace to the targets.'),
};

const kubernetesKeys = {
  role: required(kubernetesRole, 'What targets are made of.'),
  api_server: optional(
    url,
    'The API server. Default: the one of the cluster that Pharos runs in, with its service account.',
  ),
  kubeconfig_file: optional(existingFile, 'A kubeconfig, whose current context says how to reach the API server.'),
  namespaces: section(map(namespacesKeys), 'Which namespaces.'),
  selectors: key(list(map(selectorKeys)), [], 'Which objects are asked for.'),
  attach_metadata: section(map(attachMetadataKeys), 'What else becomes labels of the targets.'),
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
  kubernetes_sd_configs: key(list(map(kubernetesKeys)), [], 'Targets that are objects of a Kubernetes cluster.'),
  ...otherKeys,
};

export type DiscoverySettings = ValueOf<typeof discoveryKeys>;
