import { goQuote } from '../query/promql/go-quote.ts';
import type { Labels } from '../storage/labels.ts';
import type { Matcher, MatchOp } from '../storage/matcher.ts';

const OPERATORS: readonly MatchOp[] = ['=', '!=', '=~', '!~'];
/** Names with these are quoted. */
const RESERVED = /[{}!=~,\\"'`\s\u0085]/;

/** In Alertmanager's order: by name, then value, then operator. */
export function compareMatchers(a: Matcher, b: Matcher): number {
  return order(a.name, b.name) || order(a.value, b.value) || OPERATORS.indexOf(a.op) - OPERATORS.indexOf(b.op);
}

/** As Alertmanager writes them in keys of groups: `{severity="warn",team=~"a|b"}`. */
export function matchersText(matchers: readonly Matcher[]): string {
  return `{${matchers.map(matcherText).join(',')}}`;
}

/** As Alertmanager writes labels in keys of groups: `{alertname="Down", job="a"}`. */
export function labelSetText(labels: Labels): string {
  const parts: string[] = [];
  for (const [name, value] of labels) {
    const written = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : goQuote(name);
    parts.push(`${written}=${goQuote(value)}`);
  }
  return `{${parts.join(', ')}}`;
}

function matcherText({ name, op, value }: Matcher): string {
  if (RESERVED.test(name)) return `${goQuote(name)}${op}${goQuote(value)}`;
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
  return `${name}${op}"${escaped}"`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
