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
