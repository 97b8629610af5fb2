import { methodNotAllowed } from './api-error.ts';
import { type Answer, type ApiRequest, sendText } from './api-request.ts';
import { aggregatedDiscovery, apiGroup, apiGroupList, apiVersions } from './discovery.ts';
import { openApi } from './openapi.ts';
import { sendAnswer } from './proxying.ts';
import type { RouteContext } from './routes.ts';

/** Answers paths that are no resources: version, health, discovery and the world's own pages. */
export async function answerPage(request: ApiRequest, context: RouteContext): Promise<Answer | undefined> {
  const { path, response } = request;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const health = /^\/(healthz|livez|readyz)(\/.*)?$/.exec(plain);
  if (health !== null) {
    sendText(response, 200, { type: 'text/plain; charset=utf-8', body: healthText(health[1]!, request.query) });
    return undefined;
  }
  const known = discoveryPage(plain, request, context);
  if (known !== undefined) return known;
  const foreign = /^\/openapi\/v3\/apis\/([^/]+)\/([^/]+)$/.exec(plain);
  if (foreign !== null && context.aggregation.has(foreign[1]!, foreign[2]!)) {
    await context.aggregation.passOn(request, { group: foreign[1]!, version: foreign[2]! });
    return undefined;
  }
  const described = await openApi(plain, request, context);
  if (described !== undefined && 'json' in described) return described;
  if (described !== undefined) {
    sendText(response, 200, { type: described.type, body: described.bytes });
    return undefined;
  }
  const page = context.pages(plain);
  if (page !== undefined) sendAnswer(response, await page);
  else sendText(response, 404, { type: 'text/plain; charset=utf-8', body: '404 page not found\n' });
  return undefined;
}

function discoveryPage(path: string, request: ApiRequest, context: RouteContext): Answer | undefined {
  const { resources, version, address } = context;
  const aggregated = context.aggregation.versions();
  const accept = request.incoming.headers.accept ?? '';
  const discovery = /g=apidiscovery\.k8s\.io;v=(v2(?:beta1)?);as=APIGroupDiscoveryList/.exec(accept)?.[1];
  switch (path) {
    case '/':
      return json({
        paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/metrics', '/openapi/v2', '/readyz', '/version'],
      });
    case '/version':
      return json(versionInfo(version));
    case '/api':
    case '/apis': {
      if (discovery === undefined)
        return json(path === '/api' ? apiVersions(address()) : apiGroupList(resources, aggregated));
      const found = aggregatedDiscovery(path === '/api', resources, { aggregated, version: discovery });
      const type = `application/json;g=apidiscovery.k8s.io;v=${discovery};as=APIGroupDiscoveryList`;
      return { ...json(found), type };
    }
  }
  const group = /^\/apis\/([^/]+)$/.exec(path)?.[1];
  const found = group === undefined ? undefined : apiGroup(decodeURIComponent(group), resources, aggregated);
  return found && json(found);
}

function json(value: object): Answer {
  return { code: 200, json: JSON.stringify(value) };
}

function healthText(name: string, query: URLSearchParams): string {
  return query.has('verbose') ? `[+]ping ok\n[+]log ok\n[+]etcd ok\n${name} check passed\n` : 'ok';
}

function versionInfo(version: string): object {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return {
    major,
    minor,
    gitVersion: version,
    gitCommit: '0'.repeat(40),
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'none',
    platform: 'simulated',
  };
}
