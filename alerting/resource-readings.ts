import type { FoundResource } from './resource-head.ts';
import { type FieldProblem, fieldOf } from './written-form.ts';

/** What has been read of a resource. */
export interface ResourceReading<O, T> {
  readonly object: O;
  /** Of its present version. */
  readonly problems: readonly FieldProblem[];
  /** Of its present version, or as long as that is wrong of the last one that was not. */
  readonly value: T | undefined;
}

export interface ResourceReadingsOptions<O, T> {
  readonly read: (object: O) => { readonly value: T | undefined; readonly problems: readonly FieldProblem[] };
  /** Resources that a namespace may have; nobody can use up what there is for all. Default: 500. */
  readonly namespaceLimit?: number | undefined;
  /** What they are called, as AlertPolicies. */
  readonly what: string;
}

/** Problems that a status names; the others are counted. */
const MAX_NAMED = 10;

/**
 * What the resources of a cluster say, each judged by itself. As long as the present version of a resource is wrong, its last good
 * one since the start stays in force: a slip of the pen must end nothing.
 */
export class ResourceReadings<O extends FoundResource, T> {
  readonly #options: ResourceReadingsOptions<O, T>;
  #known: ReadonlyMap<string, ResourceReading<O, T>> = new Map();

  constructor(options: ResourceReadingsOptions<O, T>) {
    this.#options = options;
  }

  /** In the order of the objects that were taken. */
  get all(): readonly ResourceReading<O, T>[] {
    return [...this.#known.values()];
  }

  /** Takes over all resources that there are. What is the same object as before is not read again. */
  take(objects: readonly O[]): void {
    const counts = new Map<string, number>();
    const { namespaceLimit = 500, what } = this.#options;
    this.#known = new Map(
      objects.map((object) => {
        const { namespace, name } = object.metadata;
        const key = `${object.kind}/${namespace}/${name}`;
        const count = (counts.get(namespace) ?? 0) + 1;
        counts.set(namespace, count);
        if (namespace !== '' && count > namespaceLimit) {
          const message = `expected at most ${namespaceLimit} ${what} in a namespace, got more`;
          return [key, { object, problems: [{ path: ['metadata', 'namespace'], message }], value: undefined }];
        }
        const before = this.#known.get(key);
        const isSame = before?.object === object && before.value !== undefined;
        return [key, isSame ? before : this.#read(object, before?.value)];
      }),
    );
  }

  /** Reads all of them anew, as when what they are checked against has changed. */
  refresh(): void {
    this.#known = new Map([...this.#known].map(([key, { object, value }]) => [key, this.#read(object, value)]));
  }

  #read(object: O, last: T | undefined): ResourceReading<O, T> {
    const { value, problems } = this.#options.read(object);
    return { object, problems, value: value ?? last };
  }
}

/** The problems in one line, for a status. */
export function listedProblems(problems: readonly FieldProblem[]): string {
  const named = problems.slice(0, MAX_NAMED).map(({ path, message }) => `${fieldOf(path)}: ${message}`);
  const more = problems.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
