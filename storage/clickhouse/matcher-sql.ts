import { METRIC_NAME } from '../labels.ts';
import type { Matcher } from '../matcher.ts';
import { sqlString, sqlStrings } from './sql-literal.ts';

/** A label of a row of `series` as SQL; '' when the series does not have it. */
export function labelSql(name: string): string {
  return name === METRIC_NAME ? 'metric' : `labels[${sqlString(name)}]`;
}

/**
 * The condition of a matcher on a row of `series`, or on another SQL expression for the label's value. Regular expressions are RE2 on both sides. ClickHouse's `match` searches, so
 * the pattern is put between anchors, and its dot has to be told to match newlines.
 */
export function matcherSql(matcher: Matcher, label = labelSql(matcher.name)): string {
  const positive = matcher.op === '=' || matcher.op === '=~';
  if (matcher.literals !== undefined) {
    const [only, ...others] = matcher.literals;
    if (others.length === 0) return `${label} ${positive ? '=' : '!='} ${sqlString(only ?? '')}`;
    return `${label} ${positive ? 'IN' : 'NOT IN'} (${sqlStrings(matcher.literals)})`;
  }
  // Every value matches these; a pattern of a dashboard's variable for "all".
  if (matcher.value === '.*') return positive ? '1' : '0';
  if (matcher.value === '.+') return `${label} ${positive ? '!=' : '='} ''`;
  return `${positive ? '' : 'NOT '}match(${label}, ${sqlString(`^(?s:${matcher.value})$`)})`;
}
