import { QueryError } from '../query-result.ts';
import { type ListShape, SHAPES } from './list-shapes.ts';
import type { Resource } from './resources.ts';

/** Which rows of a list, in which order. */
export interface ListRequest {
  /** Columns that must have one of some values; `orNone` lets rows pass that have no value. */
  readonly equal: readonly {
    readonly column: string;
    readonly values: ReadonlySet<string>;
    readonly orNone: boolean;
  }[];
  /** In lower case; `abnormal` stands for all rows that are. None: any status. */
  readonly statuses: ReadonlySet<string>;
  /** In lower case; all of them must be in the searched columns. */
  readonly words: readonly string[];
  readonly searched: readonly string[];
  /** Parameters with their columns: of each value of these, the rows are counted. */
  readonly counted: readonly { readonly name: string; readonly column: string }[];
  /** sign -1: the largest first. */
  readonly sort: readonly { readonly column: string; readonly sign: 1 | -1 }[];
  readonly limit: number;
  readonly offset: number;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 5_000;
const PAGING = ['status', 'filter', 'in', 'count', 'sort', 'limit', 'offset'];

/** What a request calls the cluster that has no name. */
const UNNAMED = '-';

/** Throws a bad_data QueryError that names the rule that a parameter breaks. An empty parameter counts as absent. */
export function parseListRequest(resource: Resource, parameters: URLSearchParams): ListRequest {
  const shape = SHAPES[resource];
  const known = [...Object.keys(shape.equal), ...PAGING];
  const equal = new Map<string, Set<string>>();
  for (const [name, value] of parameters) {
    if (!known.includes(name)) {
      throw invalid(name, `${resource} take ${known.join(', ')}`);
    }
    if (value === '') continue;
    const column = shape.equal[name];
    if (column === undefined) continue;
    const wanted = name === 'cluster' && value === UNNAMED ? '' : value;
    equal.set(column, (equal.get(column) ?? new Set()).add(wanted));
  }
  const words = (parameters.get('filter') ?? '').toLowerCase().split(/\s+/);
  const statuses = parameters.getAll('status').map((status) => status.toLowerCase());
  const limit = whole('limit', parameters, DEFAULT_LIMIT);
  if (limit > MAX_LIMIT) throw invalid('limit', `limit must be at most ${MAX_LIMIT}, got ${limit}`);
  return {
    equal: [...equal].map(([column, values]) => ({ column, values, orNone: shape.orNone?.includes(column) ?? false })),
    statuses: new Set(statuses.filter((status) => status !== '')),
    words: words.filter((word) => word !== ''),
    searched: searchedOf(resource, parameters.get('in') ?? ''),
    counted: countedOf(resource, parameters.getAll('count')),
    sort: sortOf(resource, parameters.get('sort') ?? ''),
    limit,
    offset: whole('offset', parameters, 0),
  };
}

/** Columns separated by commas, in which words are looked for; by default in all that can be searched. */
function searchedOf(resource: Resource, given: string): readonly string[] {
  const { text, searched = [] } = SHAPES[resource];
  const all = [...text, ...searched];
  const wanted = given.split(',').filter((column) => column !== '');
  const unknown = wanted.find((column) => !all.includes(column));
  if (unknown !== undefined)
    throw invalid('in', `${resource} are searched in ${all.join(', ')}, got ${JSON.stringify(unknown)}`);
  return wanted.length === 0 ? all : wanted;
}

/** The parameters of which a request counts the values. */
function countedOf(resource: Resource, names: readonly string[]): ListRequest['counted'] {
  const { equal }: ListShape = SHAPES[resource];
  return names
    .filter((name) => name !== '')
    .map((name) => {
      if (Object.hasOwn(equal, name)) return { name, column: equal[name]! };
      const known = Object.keys(equal).join(', ');
      throw invalid('count', `${resource} are counted by ${known || 'nothing'}, got ${JSON.stringify(name)}`);
    });
}

/** Columns separated by commas, the most important first; with a minus the largest first. */
function sortOf(resource: Resource, sort: string): ListRequest['sort'] {
  const columns = [...SHAPES[resource].text, ...SHAPES[resource].numbers, 'abnormal'];
  return sort
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const column = part.replace(/^-/, '');
      if (columns.includes(column)) return { column, sign: part === column ? 1 : -1 };
      throw invalid('sort', `${resource} are sorted by ${columns.join(', ')}, got ${JSON.stringify(column)}`);
    });
}

function whole(name: string, parameters: URLSearchParams, fallback: number): number {
  const text = parameters.get(name) ?? '';
  if (text === '') return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(name, `${name} must be a whole number that is not negative, got ${JSON.stringify(text)}`);
}

function invalid(name: string, reason: string): QueryError {
  return new QueryError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${reason}`);
}
