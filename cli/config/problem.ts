/** One thing wrong, or worth knowing, in a configuration file. Never holds a secret. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  /** The file as it was named to us. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Where in the configuration: `scrape_configs[0].scrape_interval`; '' for the whole file. */
  readonly path: string;
  /** What was expected and what was given. */
  readonly message: string;
}

/** Why a configuration cannot be used: all its errors, in the order of the file. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];
  /** What would have been a warning had the configuration been good. */
  readonly warnings: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    super(formatProblems(errors));
    this.name = 'ConfigError';
    this.problems = errors;
    this.warnings = problems.filter(({ severity }) => severity === 'warning');
  }
}

/**
 * A line for each problem, as compilers write them:
 * `pharos.yml:12:5: scrape_configs[0].scrap_interval: unknown key "scrap_interval"; did you mean "scrape_interval"?`.
 * A warning says so after its position.
 */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ severity, file, line, column, path, message }) => {
      const what = path === '' ? message : `${path}: ${message}`;
      return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${what}`;
    })
    .join('\n');
}

/** In the order of files and lines. */
export function sortProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
