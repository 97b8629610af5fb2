import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatDuration } from '../alerting/duration.ts';
import type { RuleGroup } from '../alerting/rules/rule.ts';
import { formatFileProblems } from '../alerting/yaml-reader.ts';
import { glob } from './config/glob.ts';
import { counted } from './counted.ts';
import { readRuleFiles } from './load-rules.ts';
import { readText } from './read-text.ts';
import { type JunitSuite, junitReport } from './rule-tests/junit-report.ts';
import { parseRuleTestFile, type RuleTest, type RuleTestFile } from './rule-tests/rule-test-file.ts';
import { type RuleTestFailure, runRuleTest } from './rule-tests/run-rule-test.ts';
import { SharedEngine } from './rule-tests/shared-engine.ts';

export interface TestRulesOptions {
  /** PromQL's feature flags. */
  readonly features: ReadonlySet<string>;
  /** Only tests whose name one of these matches. Default: all. */
  readonly run?: readonly RegExp[] | undefined;
  /** Where a report in JUnit's XML is written. Default: nowhere. */
  readonly junit?: string | undefined;
  /** Show of what differs also what is equal. Default false. */
  readonly diff?: boolean | undefined;
  /** Show how long each test takes, and all samples at its end. Default false. */
  readonly debug?: boolean | undefined;
  /** Where lines go: what passed, and what did not. Default: standard output, standard error. */
  readonly out?: (line: string) => void;
  readonly err?: (line: string) => void;
}

/** Runs files of rule tests, in promtool's format; the exit code is 1 when something is not as expected. */
export async function testRules(files: readonly string[], options: TestRulesOptions): Promise<number> {
  const { out = (line) => console.log(line), err = (line) => console.error(line) } = options;
  const suites: JunitSuite[] = [];
  for (const file of files) suites.push(await testFile(file, { ...options, out, err }));
  if (options.junit !== undefined) await writeFile(options.junit, junitReport(suites));
  const isFailed = ({ error, cases }: JunitSuite): boolean =>
    error !== undefined || cases.some(({ failures }) => failures.length > 0);
  return suites.some(isFailed) ? 1 : 0;
}

type Reporting = TestRulesOptions & Required<Pick<TestRulesOptions, 'out' | 'err'>>;

async function testFile(file: string, options: Reporting): Promise<JunitSuite> {
  const { out, err, run } = options;
  const broken = (error: string): JunitSuite => {
    err(`${file}: cannot be run`);
    err(indented(error, 2));
    return { name: file, error, cases: [] };
  };
  const text = await readText(file).catch((error: Error) => error);
  if (text instanceof Error) return broken(text.message);
  const { parsed, problems } = parseRuleTestFile(file, text);
  if (problems.length > 0) return broken(formatFileProblems(problems));
  const tests = parsed.tests.filter(({ name }) => run === undefined || run.some((pattern) => pattern.test(name)));
  const { groups, problem } = await loadGroups(path.dirname(file), parsed, options);
  // As for promtool, rules that nothing tests may be wrong.
  if (problem !== undefined && tests.length > 0) return broken(problem);
  const { evaluationInterval } = parsed;
  // Of an alert's rule also what it measures.
  const expressions = 2 * groups.reduce((sum, { rules }) => sum + rules.length, 0);
  const engine = new SharedEngine({ evaluationInterval, features: options.features, expressions });
  const cases: { name: string; failures: string[] }[] = [];
  for (const test of tests) {
    const name = test.name === '' ? `test ${parsed.tests.indexOf(test) + 1}` : test.name;
    const failures = await runOne(test, { parsed, groups, engine, name, options });
    cases.push({ name, failures: failures.map((failure) => failureText(file, failure)) });
  }
  const failed = cases.filter(({ failures }) => failures.length > 0);
  if (failed.length === 0) {
    out(`${file}: good: ${counted(cases.length, 'test')}`);
  } else {
    err(`${file}: ${failed.length} of ${counted(cases.length, 'test')} failed`);
    for (const { name, failures } of failed) {
      err(`  ${name}`);
      for (const failure of failures) err(indented(failure, 4));
    }
  }
  return { name: file, error: undefined, cases };
}

async function runOne(
  test: RuleTest,
  about: {
    readonly parsed: RuleTestFile;
    readonly groups: readonly RuleGroup[];
    readonly engine: SharedEngine;
    readonly name: string;
    readonly options: Reporting;
  },
): Promise<readonly RuleTestFailure[]> {
  const { parsed, groups, engine, name, options } = about;
  const { err, diff: whole = false, debug = false } = options;
  const begun = performance.now();
  const failures = await runRuleTest(test, {
    groups,
    evaluationInterval: parsed.evaluationInterval,
    fuzzyCompare: parsed.fuzzyCompare,
    engine,
    whole,
    ...(debug && {
      onDump: (lines: readonly string[]) => {
        err(`debug: ${name}: all samples`);
        for (const line of lines) err(`  ${line}`);
      },
    }),
  });
  if (debug) err(`debug: ${name} took ${formatDuration(Math.round(performance.now() - begun))}`);
  return failures;
}

/** The groups of the rule files in the order in which they are evaluated, or what is wrong with them. */
async function loadGroups(
  directory: string,
  { ruleFiles, groupEvalOrder }: RuleTestFile,
  { features, err }: Reporting,
): Promise<{ readonly groups: readonly RuleGroup[]; readonly problem: string | undefined }> {
  const files = new Set<string>();
  for (const pattern of ruleFiles) {
    const found = await glob(path.resolve(directory, pattern));
    if (found.length === 0) err(`warning: no rule file matches ${path.join(directory, pattern)}`);
    for (const file of found) files.add(file);
  }
  try {
    const relative = [...files].map((file) => path.relative('.', file));
    const groups = await readRuleFiles(relative, features);
    // Those that are not listed come with the first that is, in the order of the files.
    const rank = (group: RuleGroup): number => Math.max(0, groupEvalOrder.indexOf(group.name));
    return { groups: groups.sort((a, b) => rank(a) - rank(b)), problem: undefined };
  } catch (error) {
    return { groups: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

function failureText(file: string, { line, what, details }: RuleTestFailure): string {
  const where = line === 0 ? '' : `${file}:${line}: `;
  return [`${where}${what}`, ...details.map((detail) => `  ${detail}`)].join('\n');
}

function indented(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}
