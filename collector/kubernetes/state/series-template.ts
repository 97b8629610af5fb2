import { Labels, METRIC_NAME } from '../../../storage/labels.ts';

/** Label sets of one family that have been seen with the same names: others have the next best. */
const MAX_REMEMBERED = 8;

/** Where the value of a label comes from: a constant, or an index into what identifies the object or is the series' own. */
type Source =
  | { readonly from: 'constant'; readonly value: string }
  | { readonly from: 'identity' | 'own'; readonly index: number };

/** The names of a label set in their order, and where their values come from. */
interface Template {
  /** The series' own names, as they were given. */
  readonly own: readonly string[];
  readonly names: readonly string[];
  readonly sources: readonly Source[];
}

/**
 * Makes the label sets of one family: its name, the labels that all series of an emitter have, those that identify the object
 * and the series' own. Of a repeated name the series' own label counts, then the object's. Names are sorted once for each
 * combination of them, not for each series.
 */
export class SeriesTemplate {
  readonly #constants: readonly (readonly [name: string, value: string])[];
  readonly #identity: readonly string[];
  #known: Template[] = [];

  constructor(metric: string, base: Labels, identity: readonly string[]) {
    this.#constants = [...base.with(METRIC_NAME, metric)];
    this.#identity = identity;
  }

  /** `own` are names and values in turn; `identity` the values of the names given at first. */
  labels(identity: readonly string[], own: readonly string[]): Labels {
    const { names, sources } = this.#find(own);
    const pairs: string[] = [];
    for (let i = 0; i < names.length; i++) {
      const source = sources[i]!;
      const value =
        source.from === 'constant'
          ? source.value
          : source.from === 'identity'
            ? identity[source.index]!
            : own[source.index]!;
      if (value !== '') pairs.push(names[i]!, value);
    }
    return Labels.fromSortedPairs(pairs);
  }

  #find(own: readonly string[]): Template {
    for (const template of this.#known) if (hasNames(template.own, own)) return template;
    const made = this.#make(own);
    if (this.#known.length === MAX_REMEMBERED) this.#known.shift();
    this.#known.push(made);
    return made;
  }

  #make(own: readonly string[]): Template {
    const sources = new Map<string, Source>();
    for (const [name, value] of this.#constants) sources.set(name, { from: 'constant', value });
    this.#identity.forEach((name, index) => {
      sources.set(name, { from: 'identity', index });
    });
    const ownNames: string[] = [];
    for (let i = 0; i < own.length; i += 2) {
      ownNames.push(own[i]!);
      sources.set(own[i]!, { from: 'own', index: i + 1 });
    }
    const names = [...sources.keys()].sort();
    return { own: ownNames, names, sources: names.map((name) => sources.get(name)!) };
  }
}

function hasNames(names: readonly string[], own: readonly string[]): boolean {
  if (names.length * 2 !== own.length) return false;
  for (let i = 0; i < names.length; i++) if (names[i] !== own[2 * i]) return false;
  return true;
}
