import { hash } from 'node:crypto';
import { RE2JS } from 're2js';
import { Labels, METRIC_NAME } from '../storage/labels.ts';
import { compileTemplate, hasVariable, type Template } from './relabel-template.ts';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** One relabelling step, with Prometheus' defaults filled in. */
export interface RelabelConfig {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2, matched against the whole value. */
  readonly regex: string;
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
}

/** What a step has where the configuration says nothing. */
export const RELABEL_DEFAULTS: RelabelConfig = {
  action: 'replace',
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
};

/** Applies all steps in order. Undefined means: dropped. Labels that nothing changed come back as the same object. */
export type Relabel = (labels: Labels) => Labels | undefined;

/** Compiles the steps once for many label sets. Throws a SyntaxError that names a regular expression that is none. */
export function compileRelabel(configs: readonly RelabelConfig[]): Relabel {
  if (configs.length === 0) return (labels) => labels;
  const steps = configs.map(compileStep);
  return (labels) => {
    const draft = new Draft(labels);
    for (const step of steps) if (!step(draft)) return undefined;
    return draft.labels();
  };
}

/** Tells by the metric's name alone that a sample is dropped. */
export type DropsMetric = (name: string) => boolean;

/** Names whose answers are remembered. */
const REMEMBERED_NAMES = 10_000;

/**
 * What the first steps say that look at nothing but the metric's name: true when one of them drops it, false when only all steps
 * together can tell. Undefined when there is no such step.
 */
export function compileMetricDrops(configs: readonly RelabelConfig[]): DropsMetric | undefined {
  const end = configs.findIndex(
    ({ action, sourceLabels }) =>
      (action !== 'keep' && action !== 'drop') || sourceLabels.length !== 1 || sourceLabels[0] !== METRIC_NAME,
  );
  const steps = (end < 0 ? configs : configs.slice(0, end)).map(({ action, regex }) => {
    const compiled = compileRegex(regex);
    return (name: string) => compiled.matches(name) === (action === 'drop');
  });
  if (steps.length === 0) return undefined;
  const known = new Map<string, boolean>();
  return (name) => {
    let isDropped = known.get(name);
    if (isDropped === undefined) {
      isDropped = steps.some((drops) => drops(name));
      if (known.size < REMEMBERED_NAMES) known.set(name, isDropped);
    }
    return isDropped;
  };
}

/** Changes the draft; false drops the target or sample. */
type Step = (draft: Draft) => boolean;

/** A label set under change. A label set twice keeps its first place, which decides labelmap's collisions. */
class Draft {
  readonly #base: Labels;
  readonly #added = new Map<string, string>();
  readonly #deleted = new Set<string>();

  constructor(base: Labels) {
    this.#base = base;
  }

  get(name: string): string {
    const added = this.#added.get(name);
    if (added !== undefined) return added;
    return this.#deleted.size > 0 && this.#deleted.has(name) ? '' : this.#base.get(name);
  }

  set(name: string, value: string): void {
    if (value === '') this.delete(name);
    else this.#added.set(name, value);
  }

  delete(name: string): void {
    this.#added.delete(name);
    this.#deleted.add(name);
  }

  joined(names: readonly string[], separator: string): string {
    let value = '';
    for (let i = 0; i < names.length; i++) value += i === 0 ? this.get(names[i]!) : separator + this.get(names[i]!);
    return value;
  }

  /** A snapshot: untouched labels sorted by name, then the changed ones. */
  entries(): [name: string, value: string][] {
    const entries: [string, string][] = [];
    const pairs = this.#base.pairs;
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i]!;
      if (!this.#deleted.has(name) && !this.#added.has(name)) entries.push([name, pairs[i + 1]!]);
    }
    entries.push(...this.#added);
    return entries;
  }

  labels(): Labels {
    if (this.#added.size === 0 && this.#deleted.size === 0) return this.#base;
    const labels = Labels.from(this.entries());
    return labels.equals(this.#base) ? this.#base : labels;
  }
}

/** The groups of a match of the whole value, the whole first; a group that took no part is undefined. */
type Groups = readonly (string | undefined)[];

interface CompiledRegex {
  matches(value: string): boolean;
  groups(value: string): Groups | undefined;
  /** The numbers of the groups of this name, in order. */
  groupsNamed(name: string): readonly number[];
}

const META = /[\\.+*?()|[\]{}^$]/;

function compileRegex(pattern: string): CompiledRegex {
  if (pattern === '(.*)' || pattern === '.*') {
    const captured = pattern === '(.*)';
    return {
      matches: () => true,
      groups: (value) => (captured ? [value, value] : [value]),
      groupsNamed: () => [],
    };
  }
  const alternatives = pattern.split('|');
  if (!alternatives.some((alternative) => META.test(alternative))) {
    const accepted = new Set(alternatives);
    return {
      matches: (value) => accepted.has(value),
      groups: (value) => (accepted.has(value) ? [value] : undefined),
      groupsNamed: () => [],
    };
  }
  const re = compileRe2(pattern);
  const groupCount = re.groupCount();
  const named = re.namedGroups();
  const groups = (value: string): Groups | undefined => {
    const matcher = re.matcher(value);
    if (!matcher.matches()) return undefined;
    const found: (string | undefined)[] = [];
    for (let i = 0; i <= groupCount; i++) found.push(matcher.group(i) ?? undefined);
    return found;
  };
  return {
    matches: remembered((value) => re.matches(value)),
    groups: remembered(groups),
    groupsNamed(name) {
      const index = Object.hasOwn(named, name) ? named[name] : undefined;
      return index === undefined ? [] : [index];
    },
  };
}

/** Values whose answers a step remembers; longer ones than this many characters it does not. */
const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 128;

/**
 * Matching takes microseconds, and most steps see the same few values of most labels: that they are not there, a namespace, a
 * label's name. The first ones are remembered for good.
 */
function remembered<T>(match: (value: string) => T): (value: string) => T {
  const answers = new Map<string, T>();
  return (value) => {
    const known = answers.get(value);
    if (known !== undefined || answers.has(value)) return known as T;
    const answer = match(value);
    if (answers.size < MAX_REMEMBERED && value.length <= MAX_REMEMBERED_LENGTH) answers.set(value, answer);
    return answer;
  };
}

function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`invalid regular expression ${JSON.stringify(pattern)}: ${reason}`, { cause: error });
  }
}

function compileStep(config: RelabelConfig): Step {
  const { sourceLabels, separator, targetLabel } = config;
  const source = (draft: Draft): string => draft.joined(sourceLabels, separator);
  switch (config.action) {
    case 'keep': {
      const regex = compileRegex(config.regex);
      return (draft) => regex.matches(source(draft));
    }
    case 'drop': {
      const regex = compileRegex(config.regex);
      return (draft) => !regex.matches(source(draft));
    }
    case 'keepequal':
      return (draft) => draft.get(targetLabel) === source(draft);
    case 'dropequal':
      return (draft) => draft.get(targetLabel) !== source(draft);
    case 'replace':
      return compileReplace(config);
    case 'lowercase':
      return always((draft) => draft.set(targetLabel, lowercase(source(draft))));
    case 'uppercase':
      return always((draft) => draft.set(targetLabel, uppercase(source(draft))));
    case 'hashmod': {
      const modulus = BigInt(config.modulus);
      if (modulus <= 0n) throw new RangeError(`hashmod needs a modulus of at least 1, got ${config.modulus}`);
      return always((draft) => {
        const digest = hash('md5', source(draft), 'buffer').readBigUInt64BE(8);
        draft.set(targetLabel, String(digest % modulus));
      });
    }
    case 'labelmap': {
      const regex = compileRegex(config.regex);
      const replacement = compileTemplate(config.replacement, regex.groupsNamed);
      return always((draft) => {
        for (const [name, value] of draft.entries()) {
          const groups = regex.groups(name);
          if (groups !== undefined) draft.set(replacement(groups), value);
        }
      });
    }
    case 'labeldrop': {
      const regex = compileRegex(config.regex);
      return always((draft) => {
        for (const [name] of draft.entries()) if (regex.matches(name)) draft.delete(name);
      });
    }
    case 'labelkeep': {
      const regex = compileRegex(config.regex);
      return always((draft) => {
        for (const [name] of draft.entries()) if (!regex.matches(name)) draft.delete(name);
      });
    }
    default:
      throw new TypeError(`unknown relabel action ${JSON.stringify(config.action satisfies never)}`);
  }
}

function compileReplace(config: RelabelConfig): Step {
  const { sourceLabels, separator } = config;
  const regex = compileRegex(config.regex);
  const replacement: Template = compileTemplate(config.replacement, regex.groupsNamed);
  const target: Template = compileTemplate(config.targetLabel, regex.groupsNamed);
  const fixedTarget = hasVariable(config.targetLabel) ? undefined : config.targetLabel;
  return always((draft) => {
    const groups = regex.groups(draft.joined(sourceLabels, separator));
    if (groups === undefined) return;
    const name = fixedTarget ?? target(groups);
    if (!isLabelName(name)) return;
    draft.set(name, replacement(groups));
  });
}

/** Label names are any non-empty well-formed Unicode, as in Prometheus 3. */
function isLabelName(name: string): boolean {
  return name !== '' && !/\p{Surrogate}/u.test(name);
}

function always(change: (draft: Draft) => void): Step {
  return (draft) => {
    change(draft);
    return true;
  };
}

const ASCII = /^[\x00-\x7f]*$/;

/**
 * Simple case mapping, one code point to one, which does not depend on neighbours: what Go's strings package does
 * where JavaScript's methods turn ß into SS and end a word in ς.
 */
function lowercase(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : Array.from(text, (c) => firstCodePoint(c.toLowerCase())).join('');
}

function uppercase(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  return Array.from(text, (c) => {
    const upper = c.toUpperCase();
    return firstCodePoint(upper) === upper ? upper : c;
  }).join('');
}

function firstCodePoint(text: string): string {
  return String.fromCodePoint(text.codePointAt(0)!);
}
