import { Labels } from '../../storage/labels.ts';
import type { Rule, RuleGroup } from './rule.ts';

/** A rule that writes, or alerts under, the same name and labels as one before it. */
export interface DuplicateRule {
  readonly rule: Rule;
  readonly group: string;
  /** The group that has the first of them. */
  readonly firstGroup: string;
}

/**
 * The rules of a file that have name and labels in common with one before them: recording rules may then give one series two
 * values, and alerts of one cannot be told from the other's.
 */
export function duplicateRules(groups: readonly RuleGroup[]): DuplicateRule[] {
  const first = new Map<string, string>();
  const found: DuplicateRule[] = [];
  for (const group of groups) {
    for (const rule of group.rules) {
      const labels = Labels.from({ ...group.labels, ...rule.labels }).key;
      const key = JSON.stringify([rule.kind, nameOf(rule), labels]);
      const firstGroup = first.get(key);
      if (firstGroup === undefined) first.set(key, group.name);
      else found.push({ rule, group: group.name, firstGroup });
    }
  }
  return found;
}

/** In one line: `record job:up of group b: group a has one with the same name and labels`. */
export function describeDuplicate({ rule, group, firstGroup }: DuplicateRule): string {
  const what = `${rule.kind === 'alerting' ? 'alert' : 'record'} ${nameOf(rule)}`;
  const where = group === firstGroup ? `group ${group} has it twice` : `group ${firstGroup} has one`;
  return `${what} of group ${group}: ${where} with the same labels`;
}

function nameOf(rule: Rule): string {
  return rule.kind === 'alerting' ? rule.alert : rule.record;
}
