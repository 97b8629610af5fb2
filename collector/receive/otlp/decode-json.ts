import {
  type Attribute,
  type AttributeValue,
  type MetricData,
  OtlpError,
  type OtlpRequest,
  TEMPORALITIES,
  type Temporality,
} from './otlp-request.ts';

/** How deep values of attributes may nest. */
const MAX_DEPTH = 20;

/**
 * Decodes an ExportMetricsServiceRequest in JSON: names in lowerCamelCase, 64-bit integers as text or numbers,
 * enumerations as numbers (or names), NaN and infinities as text. Throws an OtlpError that says where it is wrong.
 */
export function decodeJson(text: string): OtlpRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new OtlpError('the body must be JSON', { cause: error });
  }
  const root = new Node(body, '');
  return {
    resources: root.list('resourceMetrics').map((resource) => ({
      attributes: resource.object('resource')?.list('attributes').map(attribute) ?? [],
      metrics: resource.list('scopeMetrics').flatMap((scope) =>
        scope.list('metrics').map((metric) => ({
          name: metric.text('name'),
          description: metric.text('description'),
          unit: metric.text('unit'),
          data: metricData(metric),
        })),
      ),
    })),
  };
}

function metricData(metric: Node): MetricData | undefined {
  const gauge = metric.object('gauge');
  if (gauge !== undefined) return { kind: 'gauge', points: gauge.list('dataPoints').map(numberPoint) };
  const sum = metric.object('sum');
  if (sum !== undefined) {
    return {
      kind: 'sum',
      points: sum.list('dataPoints').map(numberPoint),
      temporality: temporality(sum),
      monotonic: sum.flag('isMonotonic'),
    };
  }
  const histogram = metric.object('histogram');
  if (histogram !== undefined) {
    return {
      kind: 'histogram',
      points: histogram.list('dataPoints').map(histogramPoint),
      temporality: temporality(histogram),
    };
  }
  const exponential = metric.object('exponentialHistogram');
  if (exponential !== undefined) return { kind: 'exponential-histogram', points: exponential.list('dataPoints') };
  const summary = metric.object('summary');
  if (summary !== undefined) return { kind: 'summary', points: summary.list('dataPoints').map(summaryPoint) };
  return undefined;
}

function pointOf(point: Node) {
  return {
    attributes: point.list('attributes').map(attribute),
    timestamp: Number(point.integer('timeUnixNano') / 1_000_000n),
    ended: (point.integer('flags') & 1n) === 1n,
  };
}

function numberPoint(point: Node) {
  const value = point.has('asInt') ? Number(point.integer('asInt')) : (point.number('asDouble') ?? 0);
  return { ...pointOf(point), value };
}

function histogramPoint(point: Node) {
  return {
    ...pointOf(point),
    count: Number(point.integer('count')),
    sum: point.number('sum'),
    bucketCounts: point.list('bucketCounts').map((count) => Number(count.asInteger())),
    bounds: point.list('explicitBounds').map((bound) => bound.asNumber()),
  };
}

function summaryPoint(point: Node) {
  return {
    ...pointOf(point),
    count: Number(point.integer('count')),
    sum: point.number('sum') ?? 0,
    quantiles: point.list('quantileValues').map((one) => ({
      quantile: one.number('quantile') ?? 0,
      value: one.number('value') ?? 0,
    })),
  };
}

function temporality(node: Node): Temporality {
  const given = node.raw('aggregationTemporality') ?? 0;
  const name = typeof given === 'string' ? given.replace('AGGREGATION_TEMPORALITY_', '').toLowerCase() : '';
  return TEMPORALITIES.find((one) => one === name) ?? TEMPORALITIES[Number(given)] ?? 'unspecified';
}

function attribute(node: Node): Attribute {
  return attributeAt(node, 0);
}

function attributeAt(node: Node, depth: number): Attribute {
  const value = node.object('value');
  return [node.text('key'), value === undefined ? undefined : anyValue(value, depth)];
}

function anyValue(node: Node, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) throw node.wrong(`values that nest at most ${MAX_DEPTH} deep`);
  if (node.has('stringValue')) return node.text('stringValue');
  if (node.has('boolValue')) return node.flag('boolValue');
  if (node.has('intValue')) return node.integer('intValue');
  if (node.has('doubleValue')) return node.number('doubleValue');
  if (node.has('bytesValue')) return Buffer.from(node.text('bytesValue'), 'base64');
  const array = node.object('arrayValue');
  if (array !== undefined) return array.list('values').map((item) => anyValue(item, depth + 1));
  const map = node.object('kvlistValue');
  if (map !== undefined) return { entries: map.list('values').map((entry) => attributeAt(entry, depth + 1)) };
  return undefined;
}

/** A value of the body and where it is, for errors. null is as good as absent. */
class Node {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  wrong(wanted: string): OtlpError {
    const shown = JSON.stringify(this.#value) ?? 'nothing';
    return new OtlpError(`${this.#path || 'the body'} must be ${wanted}, got ${shown.slice(0, 80)}`);
  }

  raw(name: string): unknown {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('an object');
    return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }

  has(name: string): boolean {
    return (this.raw(name) ?? undefined) !== undefined;
  }

  #child(name: string): Node {
    return new Node(this.raw(name) ?? undefined, this.#path === '' ? name : `${this.#path}.${name}`);
  }

  object(name: string): Node | undefined {
    return this.has(name) ? this.#child(name) : undefined;
  }

  list(name: string): Node[] {
    const child = this.#child(name);
    if (child.#value === undefined) return [];
    if (!Array.isArray(child.#value)) throw child.wrong('a list');
    return child.#value.map((item, i) => new Node(item, `${child.#path}[${i}]`));
  }

  text(name: string): string {
    const child = this.#child(name);
    if (child.#value === undefined) return '';
    if (typeof child.#value !== 'string') throw child.wrong('text');
    return child.#value;
  }

  flag(name: string): boolean {
    const child = this.#child(name);
    if (child.#value === undefined) return false;
    if (typeof child.#value !== 'boolean') throw child.wrong('true or false');
    return child.#value;
  }

  number(name: string): number | undefined {
    return this.has(name) ? this.#child(name).asNumber() : undefined;
  }

  /** 0 when absent. */
  integer(name: string): bigint {
    return this.has(name) ? this.#child(name).asInteger() : 0n;
  }

  asNumber(): number {
    const value = this.#value;
    if (typeof value === 'number') return value;
    const spoken = typeof value === 'string' ? SPOKEN.get(value) : undefined;
    if (spoken !== undefined) return spoken;
    if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) return Number(value);
    throw this.wrong('a number');
  }

  asInteger(): bigint {
    const value = this.#value;
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
    if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
    throw this.wrong('a whole number');
  }
}

const SPOKEN: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
