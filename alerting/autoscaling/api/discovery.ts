/**
 * What there is, for clients that look. Autoscalers read only the groups and versions. What a resource list says can be listed
 * will be listed, by the cluster's own controllers and for ever, and kubectl reads all of it before each command: so only what
 * can be done is said, and of metrics only so many.
 */
import { CATALOGUE_ORIGIN } from '../catalogue-metrics.ts';
import type { MetricsProvider } from '../metrics-provider.ts';
import type { ServedMetric } from '../served-metric.ts';
import { noSuchPath } from './api-error.ts';
import { CUSTOM_GROUP, CUSTOM_VERSIONS } from './custom-metrics.ts';
import { EXTERNAL_GROUP, EXTERNAL_VERSION } from './external-metrics.ts';
import { type AnswerForm, chooseForm, mediaType } from './media-type.ts';
import { type KindLookup, objectKind } from './object-kind.ts';
import { pathText } from './path-segments.ts';
import { type ApiAnswer, jsonAnswer, type Route } from './route.ts';
import { USAGE_GROUP, USAGE_VERSION } from './usage-metrics.ts';

/** The groups with their versions, the preferred one first. */
export const GROUPS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  [USAGE_GROUP, [USAGE_VERSION]],
  [CUSTOM_GROUP, CUSTOM_VERSIONS],
  [EXTERNAL_GROUP, [EXTERNAL_VERSION]],
]);

/** Metrics of one group that are listed. */
const MAX_LISTED = 100;

const AGGREGATED: readonly AnswerForm[] = ['v2', 'v2beta1'].map((version) => ({
  as: 'APIGroupDiscoveryList',
  group: 'apidiscovery.k8s.io',
  version,
}));

export interface DiscoveryOptions {
  readonly metrics: Pick<MetricsProvider, 'metrics'>;
  readonly kinds?: KindLookup | undefined;
  /** Of the server, without a `v`. */
  readonly version: string;
}

interface ListedResource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** The routes of `/`, `/version`, `/apis`, `/apis/{group}` and `/apis/{group}/{version}`. */
export function discoveryRoute(segments: readonly string[], options: DiscoveryOptions): Route | undefined {
  const answer = discoveryAnswer(segments, options);
  if (answer === undefined) return undefined;
  return { access: { verb: 'get', path: pathText(segments) }, api: 'discovery', answer };
}

function discoveryAnswer(segments: readonly string[], options: DiscoveryOptions): Route['answer'] | undefined {
  const [first, group = '', version = ''] = segments;
  if (first === undefined) return ({ accept }) => plain(accept, { paths: PATHS });
  if (first === 'version' && segments.length === 1) return ({ accept }) => plain(accept, versionOf(options.version));
  if (first !== 'apis' || segments.length > 3) return undefined;
  if (segments.length === 1) return ({ accept }) => groupsAnswer(accept, options);
  const versions = GROUPS.get(group);
  if (versions === undefined) return undefined;
  if (segments.length === 2)
    return ({ accept }) => plain(accept, { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) });
  if (!versions.includes(version)) return undefined;
  return ({ accept }) =>
    plain(accept, {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: `${group}/${version}`,
      resources: resourcesOf(group, options).map((resource) => ({ ...resource, singularName: '' })),
    });
}

/** The paths that there are, as the API server lists its own. */
const PATHS: readonly string[] = [
  '/apis',
  ...[...GROUPS].flatMap(([group, versions]) => [
    `/apis/${group}`,
    ...versions.map((version) => `/apis/${group}/${version}`),
  ]),
  '/debug/autoscaling',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];

function plain(accept: string | undefined, json: object): ApiAnswer {
  chooseForm(accept);
  return jsonAnswer(json);
}

function groupsAnswer(accept: string | undefined, options: DiscoveryOptions): ApiAnswer {
  const form = chooseForm(accept, AGGREGATED);
  const json =
    form === undefined
      ? { kind: 'APIGroupList', apiVersion: 'v1', groups: [...GROUPS.keys()].map(groupEntry) }
      : {
          kind: form.as,
          apiVersion: `${form.group}/${form.version}`,
          metadata: {},
          items: [...GROUPS].map(([group, versions]) => ({
            metadata: { name: group, creationTimestamp: null },
            versions: versions.map((version) => ({
              version,
              resources: discoveredResources(group, version, options),
              freshness: 'Current',
            })),
          })),
        };
  return { ...jsonAnswer(json, { Vary: 'Accept' }), type: mediaType(form) };
}

function groupEntry(name: string): object {
  const versions = GROUPS.get(name);
  if (versions === undefined) throw noSuchPath();
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourcesOf(group: string, { metrics, kinds }: DiscoveryOptions): readonly ListedResource[] {
  switch (group) {
    case USAGE_GROUP:
      return [
        { name: 'nodes', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
        { name: 'pods', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
      ];
    case CUSTOM_GROUP:
      return listed(metrics.metrics(), 'custom', (metric) =>
        // The rest of the catalogue can be asked for without being listed.
        (metric.origin === CATALOGUE_ORIGIN
          ? metric.resources.filter((resource) => resource === 'pods')
          : metric.resources
        ).map((resource) => ({
          name: `${resource}/${metric.name}`,
          namespaced: objectKind(resource, kinds).namespaced ?? true,
          kind: 'MetricValueList',
          verbs: ['get'],
        })),
      );
    default:
      return listed(metrics.metrics(), 'external', ({ name }) => [
        { name, namespaced: true, kind: 'ExternalMetricValueList', verbs: ['get'] },
      ]);
  }
}

/** What somebody has configured before what is built in; each once, in the order of their names. */
function listed(
  metrics: readonly ServedMetric[],
  api: ServedMetric['api'],
  entries: (metric: ServedMetric) => readonly ListedResource[],
): readonly ListedResource[] {
  const found = new Map<string, ListedResource>();
  const ofApi = metrics.filter((metric) => metric.api === api);
  for (const configured of [true, false]) {
    for (const metric of ofApi) {
      if ((metric.origin !== CATALOGUE_ORIGIN) !== configured) continue;
      for (const entry of entries(metric)) if (found.size < MAX_LISTED) found.set(entry.name, entry);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In aggregated discovery what has a slash in its name is below a resource, which then has no verbs of its own. */
function discoveredResources(group: string, version: string, options: DiscoveryOptions): readonly object[] {
  const parents = new Map<string, { readonly entry: object; readonly below: object[] }>();
  for (const { name, namespaced, kind, verbs } of resourcesOf(group, options)) {
    const slash = group === CUSTOM_GROUP ? name.indexOf('/') : -1;
    const resource = slash < 0 ? name : name.slice(0, slash);
    const scope = namespaced ? 'Namespaced' : 'Cluster';
    const responseKind = { group, version, kind };
    const known = parents.get(resource);
    const below = known?.below ?? [];
    if (slash >= 0) below.push({ subresource: name.slice(slash + 1), responseKind, verbs });
    if (known !== undefined) continue;
    const own =
      slash < 0
        ? { responseKind, scope, singularResource: '', verbs }
        : { responseKind: { group: '', version: '', kind: '' }, scope, singularResource: '', verbs: [] };
    parents.set(resource, { entry: { resource, ...own }, below });
  }
  return [...parents.values()].map(({ entry, below }) =>
    below.length > 0 ? { ...entry, subresources: below } : entry,
  );
}

function versionOf(version: string): object {
  const [major = '', minor = ''] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform: '',
  };
}
