/**
 * Which of an object's labels (or annotations) become labels of a series: some names, names with one `*` in them, or all
 * (`*`).
 */
export class AllowedNames {
  static readonly NONE = new AllowedNames([]);

  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly { readonly start: string; readonly end: string }[];

  /** Throws an Error when a name has more than one `*`. */
  constructor(names: readonly string[]) {
    this.#exact = new Set(names.filter((name) => !name.includes('*')));
    this.#patterns = names
      .filter((name) => name.includes('*'))
      .map((name) => {
        const [start, end, ...more] = name.split('*');
        if (more.length > 0) throw new Error(`an allowed name may have one * at most, got ${name}`);
        return { start: start!, end: end! };
      });
  }

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#patterns.length === 0;
  }

  has(name: string): boolean {
    return (
      this.#exact.has(name) ||
      this.#patterns.some(
        ({ start, end }) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end),
      )
    );
  }
}

/**
 * Reads `pods=[app,team-*],nodes=[*]`, the form of kube-state-metrics' --metric-labels-allowlist: names by resource. Throws
 * an Error that says what is wrong.
 */
export function parseAllowlist(text: string): Record<string, string[]> {
  const allowed: Record<string, string[]> = {};
  let rest = text.trim();
  while (rest !== '') {
    const match = /^([^=,[\]\s]+)=\[([^[\]]*)\](?:,(?=.)|$)/.exec(rest);
    if (match === null) {
      throw new Error(`an allowlist must be resource=[name,name],resource=[*], got ${JSON.stringify(rest)}`);
    }
    const names = match[2]!.split(',').map((name) => name.trim());
    if (names.length > 1 && names.includes('')) {
      throw new Error(`an allowlist's names must not be empty, got ${JSON.stringify(match[0])}`);
    }
    allowed[match[1]!] = names.filter((name) => name !== '');
    rest = rest.slice(match[0].length).trimStart();
  }
  return allowed;
}
