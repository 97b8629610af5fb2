/**
 * The description of the APIs in OpenAPI 2 and 3: paths, and a schema for each kind, so that `kubectl explain` can tell of
 * them.
 */
import { createHash } from 'node:crypto';
import { noSuchPath } from './api-error.ts';
import { CUSTOM_GROUP, CUSTOM_VERSIONS } from './custom-metrics.ts';
import { EXTERNAL_GROUP, EXTERNAL_VERSION } from './external-metrics.ts';
import { chooseForm } from './media-type.ts';
import { asksForOpenApiProtobuf, type JsonDocument, OPENAPI_PROTOBUF, openApiProtobuf } from './openapi-protobuf.ts';
import { DEFINITIONS, definitionName, type SchemaDefinition, V2_PREFIX } from './openapi-schemas.ts';
import { pathText } from './path-segments.ts';
import { type ApiAnswer, type ApiRequest, JSON_TYPE, type Route } from './route.ts';
import { USAGE_GROUP, USAGE_VERSION } from './usage-metrics.ts';

interface DescribedPath {
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly action: 'get' | 'list';
  readonly description: string;
  /** Names of parameters in the query. */
  readonly query: readonly string[];
}

const LIST_QUERY = ['labelSelector', 'fieldSelector', 'limit', 'continue'];

const PATHS: readonly DescribedPath[] = [
  ...usagePaths('nodes', 'NodeMetrics', ['/nodes']),
  ...usagePaths('pods', 'PodMetrics', ['/pods', '/namespaces/{namespace}/pods']),
  ...CUSTOM_VERSIONS.flatMap((version) => {
    const about = { group: CUSTOM_GROUP, version, kind: 'MetricValueList', action: 'get' as const };
    const below = `/apis/${CUSTOM_GROUP}/${version}`;
    const query = ['labelSelector', 'metricLabelSelector'];
    return [
      {
        ...about,
        path: `${below}/namespaces/{namespace}/{resource}/{name}/{metric}`,
        description: 'the values of a metric of one object in a namespace, or of all that a selector matches',
        query,
      },
      {
        ...about,
        path: `${below}/namespaces/{namespace}/metrics/{metric}`,
        description: 'the value of a metric of a namespace',
        query: ['metricLabelSelector'],
      },
      {
        ...about,
        path: `${below}/{resource}/{name}/{metric}`,
        description: 'the values of a metric of one object that is in no namespace, or of all that a selector matches',
        query,
      },
    ];
  }),
  {
    path: `/apis/${EXTERNAL_GROUP}/${EXTERNAL_VERSION}/namespaces/{namespace}/{metric}`,
    group: EXTERNAL_GROUP,
    version: EXTERNAL_VERSION,
    kind: 'ExternalMetricValueList',
    action: 'list',
    description: 'the values of an external metric',
    query: ['labelSelector'],
  },
];

/** The routes of `/openapi/v2`, `/openapi/v3` and `/openapi/v3/apis/{group}/{version}`. `version` is the server's. */
export function openApiRoute(segments: readonly string[], version: string): Route | undefined {
  if (segments[0] !== 'openapi') return undefined;
  return { access: { verb: 'get', path: pathText(segments) }, api: 'discovery', answer: answerOf(segments, version) };
}

function answerOf(segments: readonly string[], version: string): Route['answer'] {
  const path = segments.slice(1).join('/');
  if (path === 'v2') {
    return (request) => {
      const document = documentV2(version);
      if (!asksForOpenApiProtobuf(request.accept)) return documentAnswer(document, request);
      return { status: 200, type: OPENAPI_PROTOBUF, body: openApiProtobuf(document), headers: { Vary: 'Accept' } };
    };
  }
  if (path === 'v3') return (request) => documentAnswer(indexV3(version), request);
  const [, , group, of] = segments.slice(1);
  const paths = PATHS.filter((described) => `v3/apis/${described.group}/${described.version}` === path);
  if (paths.length === 0 || group === undefined || of === undefined) return () => Promise.reject(noSuchPath());
  return (request) => documentAnswer(documentV3(paths, version), request);
}

/** With the hash of what it says, by which the API server in front asks whether something is new. */
function documentAnswer(json: object, { accept, ifNoneMatch }: ApiRequest): ApiAnswer {
  chooseForm(accept);
  const body = `${JSON.stringify(json)}\n`;
  const etag = `"${hashOf(body)}"`;
  const headers = { ETag: etag, 'Cache-Control': 'no-cache', Vary: 'Accept' };
  const known = ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) === true;
  return known ? { status: 304, type: JSON_TYPE, body: '', headers } : { status: 200, type: JSON_TYPE, body, headers };
}

function documentV2(version: string): JsonDocument {
  return {
    swagger: '2.0',
    info: { title: 'Pharos metrics APIs', version: `v${version}` },
    paths: pathItems(PATHS, (described) => ({
      produces: [JSON_TYPE],
      parameters: described.parameters.map(({ name, place, required }) => ({
        name,
        in: place,
        required,
        type: 'string',
        uniqueItems: true,
      })),
      responses: {
        200: { description: 'OK', schema: { $ref: `#/definitions/${described.definition}` } },
        401: { description: 'Unauthorized' },
      },
    })),
    definitions: definitionsOf(DEFINITIONS, V2_PREFIX),
  };
}

function indexV3(version: string): object {
  const versions = [...new Set(PATHS.map(({ group, version }) => `apis/${group}/${version}`))];
  return {
    paths: Object.fromEntries(
      versions.map((place) => {
        const paths = PATHS.filter((described) => `apis/${described.group}/${described.version}` === place);
        const hash = hashOf(JSON.stringify(documentV3(paths, version)));
        return [place, { serverRelativeURL: `/openapi/v3/${place}?hash=${hash}` }];
      }),
    ),
  };
}

function documentV3(paths: readonly DescribedPath[], version: string): object {
  const { group, version: of } = paths[0]!;
  const definitions = DEFINITIONS.filter(
    (definition) => definition.group === undefined || (definition.group === group && definition.version === of),
  );
  return {
    openapi: '3.0.0',
    info: { title: 'Pharos metrics APIs', version: `v${version}` },
    paths: pathItems(paths, (described) => ({
      parameters: described.parameters.map(({ name, place, required }) => ({
        name,
        in: place,
        ...(required && { required }),
        schema: { type: 'string', uniqueItems: true },
      })),
      responses: {
        200: {
          description: 'OK',
          content: { [JSON_TYPE]: { schema: { $ref: `#/components/schemas/${described.definition}` } } },
        },
        401: { description: 'Unauthorized' },
      },
    })),
    components: { schemas: definitionsOf(definitions, '#/components/schemas/') },
  };
}

interface Operation {
  readonly definition: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly place: 'path' | 'query';
    readonly required: boolean;
  }[];
}

function pathItems(paths: readonly DescribedPath[], operation: (described: Operation) => object): object {
  return Object.fromEntries(
    paths.map(({ path, group, version, kind, action, description, query }) => [
      path,
      {
        get: {
          description,
          operationId: [action, kind, version, ...path.split('/').slice(4)].join('_').replace(/\W+/g, ''),
          ...operation({
            definition: definitionName({ group, version, kind }),
            parameters: [
              ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
                name: name!,
                place: 'path' as const,
                required: true,
              })),
              ...query.map((name) => ({ name, place: 'query' as const, required: false })),
            ],
          }),
          'x-kubernetes-action': action,
          'x-kubernetes-group-version-kind': { group, version, kind },
        },
      },
    ]),
  );
}

function definitionsOf(definitions: readonly SchemaDefinition[], prefix: string): Readonly<Record<string, object>> {
  return Object.fromEntries(
    definitions.map((definition) => {
      const { group, version, kind } = definition;
      const ofKind = group !== undefined && version !== undefined && definition.isTop;
      return [
        definitionName(definition),
        {
          ...definition.schema(prefix),
          ...(ofKind && { 'x-kubernetes-group-version-kind': [{ group, version, kind }] }),
        },
      ];
    }),
  );
}

function usagePaths(resource: string, kind: string, lists: readonly string[]): readonly DescribedPath[] {
  const about = { group: USAGE_GROUP, version: USAGE_VERSION };
  const below = `/apis/${USAGE_GROUP}/${USAGE_VERSION}`;
  return [
    ...lists.map((list) => ({
      ...about,
      path: below + list,
      kind: `${kind}List`,
      action: 'list' as const,
      description: `the use of CPU and memory by ${resource}`,
      query: LIST_QUERY,
    })),
    {
      ...about,
      path: `${below}${lists.at(-1)}/{name}`,
      kind,
      action: 'get',
      description: `the use of CPU and memory by one of ${resource}`,
      query: [],
    },
  ];
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase();
}
