import type { AlertEvent, AlertIdentity } from '../../storage/alert-log.ts';
import { Labels } from '../../storage/labels.ts';
import { SEVERITIES } from '../policies/policy.ts';

/**
 * An alert as receivers see it, from what the alert log has of it. The log's labels lack the external ones, and those of a policy's
 * alert the severity, which changes while the alert stays the same: an annotation has it, beside one that is nobody's business.
 */
const POLICY_RULE = /^\["policy",/;
const SEVERITY = 'severity';
/** The annotation of the log that has the severity of a policy's alert. */
export const LOGGED_SEVERITY = SEVERITY;
const ONLY_LOGGED: readonly string[] = [LOGGED_SEVERITY, 'evaluation'];

/** The labels that receivers see: an alert's own win over the external ones. */
export function shownLabels(
  { rule, labels, annotations }: Pick<AlertEvent, 'rule' | 'labels' | 'annotations'>,
  externalLabels: Labels,
): Labels {
  return withExternal(
    isOfPolicy(rule) ? labels.with(SEVERITY, annotations.get(LOGGED_SEVERITY)) : labels,
    externalLabels,
  );
}

/** The severity that receivers see; '' for none. */
export function loggedSeverity(
  { rule, labels, annotations }: Pick<AlertEvent, 'rule' | 'labels' | 'annotations'>,
  externalLabels: Labels,
): string {
  return (isOfPolicy(rule) ? annotations.get(LOGGED_SEVERITY) : labels.get(SEVERITY)) || externalLabels.get(SEVERITY);
}

/** The annotations that receivers see. */
export function shownAnnotations({ rule, annotations }: Pick<AlertEvent, 'rule' | 'annotations'>): Labels {
  return isOfPolicy(rule) ? annotations.filter((name) => !ONLY_LOGGED.includes(name)) : annotations;
}

/** All labels that receivers may have seen the alert with: one set, or one for each severity. */
export function possibleLabels({ rule, labels }: AlertIdentity, externalLabels: Labels): readonly Labels[] {
  const sets = isOfPolicy(rule) ? SEVERITIES.map((severity) => labels.with(SEVERITY, severity)) : [labels];
  return sets.map((set) => withExternal(set, externalLabels));
}

/** What is in a rule's id: `{id, file, group, name}` or `{id, policy}`, or only the id. */
export function ruleJson(id: string): object {
  try {
    const parts = JSON.parse(id) as unknown;
    if (!Array.isArray(parts)) return { id };
    const [first, second, third] = parts as readonly unknown[];
    if (isOfPolicy(id) && parts.length === 2) return { id, policy: second };
    return [first, second, third].every((part) => typeof part === 'string')
      ? { id, file: first, group: second, name: third }
      : { id };
  } catch {
    return { id };
  }
}

function isOfPolicy(rule: string): boolean {
  return POLICY_RULE.test(rule);
}

function withExternal(labels: Labels, externalLabels: Labels): Labels {
  return externalLabels.size === 0 ? labels : Labels.from([...externalLabels, ...labels]);
}
