import { withAggregatedV2, withAggregatedV3 } from './aggregated-openapi.ts';
import type { Aggregation } from './aggregation.ts';
/**
 * The API's description, as much of it as kubectl needs before it applies, creates or patches something: in version 2 that there
 * is one, in version 3 which kinds can be patched and that the server checks fields itself. No schemas: `kubectl explain` does
 * not work.
 */
import { noSuchResource } from './api-error.ts';
import type { Answer, ApiRequest } from './api-request.ts';
import type { ApiResource, ResourceTable } from './resources.ts';

/** Clients ask for it with an @, which is no valid media type to answer with. */
const PROTOBUF_V2_ASKED = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/;
const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Answers `/openapi/v2`, `/openapi/v3` and what is below; undefined for other paths. */
export async function openApi(
  path: string,
  request: ApiRequest,
  {
    resources,
    version,
    aggregation,
  }: { readonly resources: ResourceTable; readonly version: string; readonly aggregation: Aggregation },
): Promise<Answer | { readonly type: string; readonly bytes: Buffer } | undefined> {
  if (path === '/openapi/v2') {
    const protobuf = PROTOBUF_V2_ASKED.test(request.incoming.headers.accept ?? '');
    if (protobuf) return { type: PROTOBUF_V2, bytes: emptyDocument(version) };
    const own = { swagger: '2.0', info: { title: 'Kubernetes', version }, paths: {}, definitions: {} };
    return json(await withAggregatedV2(own, aggregation));
  }
  if (path === '/openapi/v3') {
    const own = { paths: Object.fromEntries(groupVersions(resources).map(entry)) };
    return json(await withAggregatedV3(own, aggregation));
  }
  const relative = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
  if (relative === undefined) return undefined;
  const found = resources.all().filter((resource) => prefixOf(resource) === `/${relative}`);
  if (found.length === 0) throw noSuchResource();
  const paths = Object.fromEntries(found.flatMap((resource) => pathsOf(resource)));
  return json({ openapi: '3.0.0', info: { title: 'Kubernetes', version }, paths });
}

function groupVersions(resources: ResourceTable): readonly string[] {
  return [...new Set(resources.all().map(prefixOf))];
}

function entry(prefix: string): readonly [string, object] {
  return [prefix.slice(1), { serverRelativeURL: `/openapi/v3${prefix}` }];
}

function prefixOf({ group, version }: ApiResource): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

const QUERY = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
  name,
  in: 'query',
  schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
}));

function pathsOf(resource: ApiResource): readonly (readonly [string, object])[] {
  if (!resource.verbs.includes('patch')) return [];
  const { group, version, kind, plural, namespaced } = resource;
  const scope = namespaced ? '/namespaces/{namespace}' : '';
  const patch = {
    parameters: QUERY,
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
  return [[`${prefixOf(resource)}${scope}/${plural}/{name}`, { patch }]];
}

function json(value: object): Answer {
  return { code: 200, json: JSON.stringify(value) };
}

/** The document of version 2 in protobuf: its version, and its title and version in `info`. */
function emptyDocument(version: string): Buffer {
  const field = (number: number, value: string | Buffer): Buffer => {
    const bytes = Buffer.from(value as string);
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  };
  const info = Buffer.concat([field(1, 'Kubernetes'), field(2, version)]);
  return Buffer.concat([field(1, '2.0'), field(2, info), field(8, '')]);
}
