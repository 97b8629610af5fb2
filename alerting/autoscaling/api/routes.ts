import type { MetricsProvider, UsageProvider } from '../metrics-provider.ts';
import { badRequest, noSuchPath } from './api-error.ts';
import { CUSTOM_GROUP, CUSTOM_VERSIONS, customRoute } from './custom-metrics.ts';
import { debugRoute } from './debug-pages.ts';
import { discoveryRoute } from './discovery.ts';
import { EXTERNAL_GROUP, EXTERNAL_VERSION, externalRoute } from './external-metrics.ts';
import { type HealthCheck, healthRoute } from './health.ts';
import type { KindLookup } from './object-kind.ts';
import { openApiRoute } from './openapi.ts';
import { pathSegments, pathText } from './path-segments.ts';
import type { Route } from './route.ts';
import { USAGE_GROUP, USAGE_VERSION, usageRoute } from './usage-metrics.ts';

export interface RouteOptions {
  readonly metrics: MetricsProvider;
  readonly usage: UsageProvider;
  readonly checks: readonly HealthCheck[];
  readonly kinds?: KindLookup | undefined;
  /** Of the server, without a `v`. */
  readonly version: string;
}

/**
 * What a path, as it was sent and without its query, stands for. Never throws: of a path that is refused the route is one that
 * refuses, once it is known who asks.
 */
export function routeOf(path: string, options: RouteOptions): Route {
  try {
    const segments = pathSegments(path);
    return (
      healthRoute(segments, options.checks) ??
      discoveryRoute(segments, options) ??
      openApiRoute(segments, options.version) ??
      debugRoute(segments, options) ??
      metricsRoute(segments, options) ??
      refusing({ verb: 'get', path: pathText(segments) }, noSuchPath())
    );
  } catch (error) {
    return refusing('known', error);
  }
}

function metricsRoute(segments: readonly string[], options: RouteOptions): Route | undefined {
  const [first, group, version, ...rest] = segments;
  if (first !== 'apis') return undefined;
  switch (group) {
    case USAGE_GROUP:
      return version === USAGE_VERSION ? usageRoute(rest, options.usage) : undefined;
    case CUSTOM_GROUP: {
      const known = CUSTOM_VERSIONS.find((each) => each === version);
      return known && customRoute(known, rest, options);
    }
    case EXTERNAL_GROUP:
      return version === EXTERNAL_VERSION ? externalRoute(rest, options.metrics) : undefined;
    default:
      return undefined;
  }
}

function refusing(access: Route['access'], error: unknown): Route {
  return { access, api: 'other', answer: () => Promise.reject(error) };
}

/** Path and query of a request's target as it was sent; a target in another form than a path is an ApiError of 400. */
export function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  if (!target.startsWith('/')) throw badRequest('the target of a request must be a path');
  const at = target.indexOf('?');
  if (at < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}
