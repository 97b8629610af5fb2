/** The tests of a file, for a report. */
export interface JunitSuite {
  readonly name: string;
  /** Why none could be run; undefined when they were. */
  readonly error: string | undefined;
  readonly cases: readonly { readonly name: string; readonly failures: readonly string[] }[];
}

/** A report in JUnit's XML, which CI systems read. */
export function junitReport(suites: readonly JunitSuite[]): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>'];
  for (const { name, error, cases } of suites) {
    const failures = cases.filter((one) => one.failures.length > 0).length;
    const counts = `tests="${cases.length}" failures="${failures}" errors="${error === undefined ? 0 : 1}"`;
    lines.push(`  <testsuite name="${escaped(name)}" ${counts}>`);
    if (error !== undefined) lines.push(`    <testcase name="the file"><error>${escaped(error)}</error></testcase>`);
    for (const one of cases) {
      if (one.failures.length === 0) {
        lines.push(`    <testcase name="${escaped(one.name)}"/>`);
        continue;
      }
      lines.push(`    <testcase name="${escaped(one.name)}">`);
      for (const failure of one.failures) lines.push(`      <failure>${escaped(failure)}</failure>`);
      lines.push('    </testcase>');
    }
    lines.push('  </testsuite>');
  }
  return `${lines.join('\n')}\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(text: string): string {
  // What XML cannot hold at all is left out.
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
