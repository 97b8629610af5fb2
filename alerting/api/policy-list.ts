import { OBJECT_LEVELS, SEVERITIES } from '../policies/policy.ts';
import type { ListedPolicy } from './listed-policy.ts';
import { PolicyError } from './policy-error.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

type Key = (policy: ListedPolicy) => string | number;

const SORTS: Readonly<Record<string, Key>> = {
  id: ({ id }) => id,
  name: ({ name }) => name.toLowerCase(),
  level: ({ level }) => (OBJECT_LEVELS as readonly string[]).indexOf(level),
  origin: ({ origin }) => origin,
  updatedAt: ({ updatedAt }) => updatedAt ?? 0,
  firing: ({ state }) => state?.firing ?? 0,
  severity: ({ severity }) => (SEVERITIES as readonly unknown[]).indexOf(severity),
};

const FILTERS = ['level', 'origin', 'enabled', 'firing', 'metric', 'severity', 'search'];

/**
 * Some of the policies, as a request asks for them: `level`, `origin`, `severity` and `metric` are equal to one of the values given, `enabled` and
 * `firing` are true or false, `search` is part of the id, name or description. `sort` is a field, after a minus for the
 * largest first; the rest is by id. Then `limit` of them from `offset` on. Throws a PolicyError.
 */
export function listedPolicies(
  policies: readonly ListedPolicy[],
  query: URLSearchParams,
): { readonly policies: readonly ListedPolicy[]; readonly total: number } {
  const known = [...FILTERS, 'sort', 'limit', 'offset'];
  for (const name of query.keys()) {
    if (!known.includes(name)) throw invalid(name, `expected one of ${known.join(', ')}`);
  }
  const [levels, origins, metrics, severities] = ['level', 'origin', 'metric', 'severity'].map((name) =>
    query.getAll(name),
  );
  const enabled = flag(query, 'enabled');
  const firing = flag(query, 'firing');
  const search = (query.get('search') ?? '').toLowerCase();
  const isOneOf = (values: readonly string[], value: string) => values.length === 0 || values.includes(value);
  const found = policies.filter(
    (policy) =>
      isOneOf(levels!, policy.level) &&
      isOneOf(origins!, policy.origin) &&
      isOneOf(severities!, policy.severity ?? '') &&
      (metrics!.length === 0 || policy.metrics.some((metric) => metrics!.includes(metric))) &&
      (enabled === undefined || policy.enabled === enabled) &&
      (firing === undefined || (policy.state?.firing ?? 0) > 0 === firing) &&
      [policy.id, policy.name, policy.description].some((text) => text.toLowerCase().includes(search)),
  );
  const { offset, limit } = page(query);
  return { policies: sorted(found, query.get('sort') ?? 'id').slice(offset, offset + limit), total: found.length };
}

/** The page that a request asks for. Throws a PolicyError. */
export function page(query: URLSearchParams): { readonly offset: number; readonly limit: number } {
  return {
    offset: count(query, 'offset', { fallback: 0, max: Number.MAX_SAFE_INTEGER }),
    limit: count(query, 'limit', { fallback: DEFAULT_LIMIT, max: MAX_LIMIT }),
  };
}

/** A whole number of the query. Throws a PolicyError. */
export function count(
  query: URLSearchParams,
  name: string,
  { fallback, min = 0, max }: { readonly fallback: number; readonly min?: number; readonly max: number },
): number {
  const text = query.get(name) ?? '';
  if (text === '') return fallback;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
    throw invalid(name, `expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
  }
  return value;
}

function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(name, `expected true or false, got ${JSON.stringify(text)}`);
}

function sorted(policies: readonly ListedPolicy[], sort: string): readonly ListedPolicy[] {
  const isDescending = sort.startsWith('-');
  const name = isDescending ? sort.slice(1) : sort;
  const key = Object.hasOwn(SORTS, name) ? SORTS[name]! : undefined;
  if (key === undefined) {
    throw invalid(
      'sort',
      `expected one of ${Object.keys(SORTS).join(', ')}, maybe after a minus, got ${JSON.stringify(sort)}`,
    );
  }
  const sign = isDescending ? -1 : 1;
  return [...policies].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x !== y) return (x < y ? -1 : 1) * sign;
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  });
}

function invalid(name: string, problem: string): PolicyError {
  return new PolicyError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${problem}`);
}
