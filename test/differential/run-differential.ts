import { join } from 'node:path';
import type { Children } from '../../bench/children.ts';
import { type Answer, ask } from './answer.ts';
import { difference } from './compare-answers.ts';
import { makeDataset } from './dataset.ts';
import { generateQuery, type RandomQuery } from './generate-query.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { startPeer } from './peer-prometheus.ts';
import { startPharos } from './pharos-under-test.ts';
import { Random } from './random.ts';
import { smallerQueries } from './smaller-queries.ts';
import { writeDataset } from './write-dataset.ts';

/** Feature flags under which queries are asked, of both sides alike. */
const FEATURE_SETS: readonly (readonly string[])[] = [
  ['promql-experimental-functions', 'promql-duration-expr'],
  ['promql-experimental-functions', 'promql-duration-expr', 'promql-delayed-name-removal'],
];
const CONCURRENT = 4;

/** Not a difference of versions: the peer does not agree with itself. */
export const UNDECIDED = {
  name: 'undecided',
  reason: 'asked again, Prometheus gives another answer (ties)',
} as const;

export interface DifferentialOptions {
  /** Prometheus' program. */
  readonly program: string;
  readonly children: Children;
  /** Scratch space. */
  readonly directory: string;
  readonly queries: number;
  /** Decides the data and the queries. */
  readonly seed: number;
  /** Called at each disagreement, shrunk where that was possible. */
  readonly onDisagreement?: (disagreement: Disagreement) => void;
}

export interface Disagreement {
  readonly query: RandomQuery;
  /** Which query of the run it was, from 0. */
  readonly number: number;
  readonly features: readonly string[];
  readonly why: string;
  /** A part of the query about which the two disagree as well. */
  readonly shrunk: string;
  readonly pharos: Answer;
  readonly peer: Answer;
}

export interface DifferentialReport {
  /** By kind of query: how many were asked, how many answered with an error on both sides, with nothing, and how many disagreed. */
  readonly kinds: ReadonlyMap<string, KindCount>;
  readonly disagreements: readonly Disagreement[];
  /** By name of the known difference. */
  readonly known: ReadonlyMap<string, number>;
}

export interface KindCount {
  asked: number;
  errors: number;
  empty: number;
  known: number;
  disagreed: number;
}

/**
 * Loads the same random data by remote write into Pharos and Prometheus, asks both the same random queries over HTTP, and
 * compares the answers: values to 1e-9, errors, warnings and infos. What was started is ended.
 */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialReport> {
  const { directory, children, program, seed } = options;
  const pharos = await startPharos(join(directory, 'pharos'), FEATURE_SETS);
  try {
    const data = makeDataset(seed);
    const peers: string[] = [];
    for (const [i, features] of FEATURE_SETS.entries()) {
      peers.push(await startPeer(program, { children, directory: join(directory, `prometheus-${i}`), features }));
    }
    for (const url of [pharos.urls[0]!, ...peers]) await writeDataset(url, data);
    await pharos.flush();
    const sides = FEATURE_SETS.map((features, i) => ({ features, pharos: pharos.urls[i]!, peer: peers[i]! }));
    return await new Run(sides, options).all();
  } finally {
    await pharos.close();
  }
}

interface Side {
  readonly features: readonly string[];
  readonly pharos: string;
  readonly peer: string;
}

class Run {
  readonly #sides: readonly Side[];
  readonly #options: DifferentialOptions;
  readonly #kinds = new Map<string, KindCount>();
  readonly #disagreements: Disagreement[] = [];
  readonly #known = new Map<string, number>();

  constructor(sides: readonly Side[], options: DifferentialOptions) {
    this.#sides = sides;
    this.#options = options;
  }

  async all(): Promise<DifferentialReport> {
    const { queries, seed } = this.#options;
    const random = new Random(seed + 1);
    let number = 0;
    const worker = async () => {
      while (number < queries) await this.#one(number++, generateQuery(random), random.pick(this.#sides));
    };
    await Promise.all(Array.from({ length: CONCURRENT }, worker));
    return { kinds: this.#kinds, disagreements: this.#disagreements, known: this.#known };
  }

  async #one(number: number, query: RandomQuery, side: Side): Promise<void> {
    const count = this.#kinds.get(query.kind) ?? { asked: 0, errors: 0, empty: 0, known: 0, disagreed: 0 };
    this.#kinds.set(query.kind, count);
    count.asked++;
    const { why, known, pharos, peer } = await compare(side, query);
    if (why === undefined) {
      if (peer.error !== undefined) count.errors++;
      else if (peer.string === undefined && peer.series.length === 0) count.empty++;
      if (known === undefined) return;
      count.known++;
      this.#known.set(known, (this.#known.get(known) ?? 0) + 1);
      return;
    }
    count.disagreed++;
    const shrunk = await this.#shrink(query, side);
    const disagreement = { query, number, features: side.features, why, shrunk, pharos, peer };
    this.#disagreements.push(disagreement);
    this.#options.onDisagreement?.(disagreement);
  }

  /** The smallest expression found within it about which the two disagree, too. */
  async #shrink(query: RandomQuery, side: Side): Promise<string> {
    const features = new Set(side.features);
    let smallest = query.expr;
    let tries = 100;
    for (let shrunk = true; shrunk && tries > 0; ) {
      shrunk = false;
      for (const expr of smallerQueries(smallest, features)) {
        if (tries-- <= 0) break;
        const { why } = await compare(side, { ...query, expr });
        if (why === undefined) continue;
        smallest = expr;
        shrunk = true;
        break;
      }
    }
    return smallest;
  }
}

interface Comparison {
  /** Undefined when the two agree. */
  readonly why: string | undefined;
  /** The known difference without which they would not. */
  readonly known: string | undefined;
  readonly pharos: Answer;
  readonly peer: Answer;
}

async function compare(side: Side, query: RandomQuery): Promise<Comparison> {
  const [pharos, peer] = await Promise.all([ask(side.pharos, query), ask(side.peer, query)]);
  const why = difference(query, pharos, peer);
  if (why === undefined) return { why, known: undefined, pharos, peer };
  let adapted = { pharos, peer };
  let left: string | undefined = why;
  const concerned = KNOWN_DIFFERENCES.filter(({ concerns }) => concerns(query));
  for (const { name, adapt } of concerned) {
    if (adapt === undefined) continue;
    adapted = { pharos: adapt(adapted.pharos), peer: adapt(adapted.peer) };
    left = difference(query, adapted.pharos, adapted.peer);
    if (left === undefined) return { why: undefined, known: name, pharos, peer };
  }
  const known = concerned.find(({ explains }) => explains?.(adapted.pharos, adapted.peer) === true);
  if (known !== undefined) return { why: undefined, known: known.name, pharos, peer };
  const undecided = await isUndecided(side.peer, query, peer);
  return { why: undecided ? undefined : left, known: undecided ? UNDECIDED.name : undefined, pharos, peer };
}

/**
 * Whether the peer itself answers the same question now like this and now like that: series within a range
 * query and histograms come in the order of a Go map, so that it is chance which of equal values topk takes, and which
 * error comes first.
 */
async function isUndecided(url: string, query: RandomQuery, first: Answer): Promise<boolean> {
  for (let i = 0; i < 12; i++) {
    if (difference(query, await ask(url, query), first) !== undefined) return true;
  }
  return false;
}
