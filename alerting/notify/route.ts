import type { Labels } from '../../storage/labels.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type { Route } from './configuration/configuration.ts';

/** Whether the labels meet all of the matchers. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false;
  return true;
}

/**
 * The routes that alerts with these labels take: depth first, each time the deepest that match; a match ends the search among its
 * siblings unless it continues. A route none of whose children match is taken itself.
 */
export function matchingRoutes(route: Route, labels: Labels): readonly Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const matches = matchingRoutes(child, labels);
    found.push(...matches);
    if (matches.length > 0 && !child.continue) break;
  }
  return found.length > 0 ? found : [route];
}

/** The labels that say which of a route's groups an alert belongs to. */
export function groupLabels(
  labels: Labels,
  { groupBy, groupByAll }: { readonly groupBy: readonly string[]; readonly groupByAll: boolean },
): Labels {
  return groupByAll ? labels : labels.filter((name) => groupBy.includes(name));
}
