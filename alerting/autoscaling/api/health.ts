import { noSuchPath } from './api-error.ts';
import { pathText } from './path-segments.ts';
import { type Route, textAnswer } from './route.ts';

/** Something that must hold for the process to be in order, or for it to get requests. */
export interface HealthCheck {
  /** In paths: `/readyz/{name}`. */
  readonly name: string;
  /** Whether the process is of no use without it. What a restart would not mend is about being ready only. */
  readonly live: boolean;
  /** What is wrong; undefined when nothing is. Called at each request. The text goes to the log, not to clients. */
  readonly problem: () => string | undefined;
}

const PAGES = ['healthz', 'livez', 'readyz'] as const;

/**
 * `/healthz` and `/readyz` with all checks, `/livez` with those of life; below each of them the single checks. `verbose` lists
 * them, `exclude` leaves one out. The pages are for everybody, as kubelets and load balancers ask without credentials, and so
 * without reasons; single checks are for whoever may get the path, as with every API server.
 */
export function healthRoute(segments: readonly string[], checks: readonly HealthCheck[]): Route | undefined {
  const page = PAGES.find((page) => page === segments[0]);
  if (page === undefined || segments.length > 2) return undefined;
  const all = [{ name: 'ping', live: true, problem: () => undefined }, ...checks];
  const here = page === 'livez' ? all.filter(({ live }) => live) : all;
  const only = segments[1];
  return {
    access: segments.length === 1 ? 'everybody' : { verb: 'get', path: pathText(segments) },
    api: 'health',
    answer({ query }) {
      if (only !== undefined) {
        const check = here.find(({ name }) => name === only);
        if (check === undefined) throw noSuchPath();
        return check.problem() === undefined
          ? textAnswer(['ok'])
          : textAnswer([`${only} failed: reason withheld`], 500);
      }
      const excluded = new Set(query.getAll('exclude'));
      const results = here.map(({ name, problem }) => ({
        name,
        excluded: excluded.has(name),
        failed: !excluded.has(name) && problem() !== undefined,
      }));
      const failed = results.some((result) => result.failed);
      if (!failed && !query.has('verbose')) return textAnswer(['ok']);
      const lines = results.map((result) =>
        result.failed
          ? `[-]${result.name} failed: reason withheld`
          : `[+]${result.name} ${result.excluded ? 'excluded: ' : ''}ok`,
      );
      return textAnswer([...lines, `${page} check ${failed ? 'failed' : 'passed'}`], failed ? 500 : 200);
    },
  };
}
