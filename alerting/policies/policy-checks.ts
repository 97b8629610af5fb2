/** What must hold between the parts of a policy, and between it and what is there: metrics, labels, receivers. */

import { describeGiven } from '../describe-given.ts';
import { formatDuration } from '../duration.ts';
import { nearest } from '../nearest.ts';
import { Template } from '../template/template.ts';
import { TemplateError } from '../template/template-error.ts';
import type { CheckContext } from './check-context.ts';
import { LEVEL_LABELS } from './object-level.ts';
import type { ObjectLevel, ObjectSelector } from './policy.ts';
import { POLICY_LABEL } from './policy-alert.ts';
import { POLICY_LIMITS, type WrittenCondition, type WrittenPolicy } from './policy-definition.ts';
import { checkInheritedRecovery, checkThresholds } from './threshold-checks.ts';

const DAY = 86_400_000;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Set by Pharos, beside the labels of the object. */
const OWN_LABELS = ['alertname', 'severity', POLICY_LABEL];

/** Everything that is wrong with a policy whose values are right each by itself. */
export function checkPolicy(policy: WrittenPolicy, context: CheckContext): void {
  const { level, conditions, objects, overrides, notice, labels, annotations, noData } = policy;
  for (const [i, condition] of conditions.entries()) checkCondition(condition, level, ['conditions', i], context);
  checkSelector(objects, level, ['objects'], context);
  for (const [i, override] of overrides.entries()) checkOverride(override, policy, ['overrides', i], context);
  checkNotice(notice, context);
  checkLabels(labels, { path: ['labels'], reserved: [...OWN_LABELS, ...LEVEL_LABELS[level].shown] }, context);
  checkLabels(annotations, { path: ['annotations'], reserved: [] }, context);
  if (noData.mode !== 'alert') return;
  const shortest = Math.min(...conditions.map(({ period }) => period));
  if (noData.after > 0 && noData.after < shortest) {
    const wanted = `expected at least a period of a condition (${formatDuration(shortest)}), or 0`;
    context.report(['noData', 'after'], `${wanted}, got ${formatDuration(noData.after)}`);
  }
}

/** What is wrong with one condition. */
export function checkCondition(
  condition: WrittenCondition,
  level: ObjectLevel,
  path: readonly PropertyKey[],
  context: CheckContext,
): void {
  const { name, report } = context;
  const { period, periods, outOf = periods, operator, comparison } = condition;
  checkMetric(condition, level, path, context);
  if (DAY % period !== 0 || period % 1_000 !== 0) {
    report([...path, 'period'], `expected a period that a day is a whole number of, got ${formatDuration(period)}`);
  }
  if (outOf < periods) {
    const wanted = `expected at least ${name('periods')}, which is ${periods}`;
    report([...path, 'outOf'], `${wanted}, got ${outOf}`);
  } else if (outOf * period > POLICY_LIMITS.lookBack) {
    const longest = formatDuration(POLICY_LIMITS.lookBack);
    const at = condition.outOf === undefined ? 'periods' : 'outOf';
    const given = `${outOf} of ${formatDuration(period)}`;
    report([...path, at], `expected periods of at most ${longest} in all, got ${given}`);
  }
  const isChange = operator === 'increase' || operator === 'decrease';
  if (comparison !== undefined && !isChange) {
    report([...path, 'comparison'], `expected only with the operators increase and decrease, got it with ${operator}`);
  }
  checkThresholds(condition, operator, path, context);
}

function checkMetric(
  { metric, custom }: WrittenCondition,
  level: ObjectLevel,
  path: readonly PropertyKey[],
  { catalogue, name, report }: CheckContext,
): void {
  if (catalogue.has(level, metric) || !metric.startsWith('k8s_')) return;
  const other = catalogue.levelOf(metric);
  if (other === undefined && custom) return;
  const near = catalogue.nearest(level, metric);
  const what =
    other === undefined
      ? `expected a metric of the catalogue at the level ${level}, got ${JSON.stringify(metric)}`
      : `expected a metric of the level ${level}, got ${JSON.stringify(metric)} of the level ${other}`;
  const mark =
    other === undefined ? `mark what is none of the catalogue with "${name('custom')}"` : `set the level to ${other}`;
  report([...path, 'metric'], `${what}; ${near === undefined ? mark : `did you mean ${JSON.stringify(near)}?`}`);
}

/** Labels of the level, which alone say what an object is. */
export function checkSelector(
  { include, exclude }: ObjectSelector,
  level: ObjectLevel,
  path: readonly PropertyKey[],
  { report }: CheckContext,
): void {
  const labels = LEVEL_LABELS[level].shown;
  for (const [side, lists] of Object.entries({ include, exclude })) {
    for (const label of Object.keys(lists)) {
      if (labels.includes(label)) continue;
      const near = nearest(label, labels);
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      const wanted = `expected a label of the level ${level} (${labels.join(', ')})`;
      report([...path, side, label], `${wanted}, got ${describeGiven(label)}${hint}`);
    }
  }
}

function checkOverride(
  { objects, disabled, conditions }: WrittenPolicy['overrides'][number],
  policy: WrittenPolicy,
  path: readonly PropertyKey[],
  context: CheckContext,
): void {
  const { report } = context;
  checkSelector(objects, policy.level, [...path, 'objects'], context);
  if (Object.keys(objects.include).length + Object.keys(objects.exclude).length === 0) {
    report([...path, 'objects'], 'expected some objects and not all, got neither include nor exclude');
  }
  if (disabled && conditions.length > 0) {
    report([...path, 'conditions'], 'expected none for objects that have no alerts, got some');
  } else if (!disabled && conditions.length === 0) {
    report([...path, 'conditions'], 'expected at least one, or that the objects are disabled, got neither');
  }
  const seen = new Set<number>();
  for (const [i, change] of conditions.entries()) {
    const at = [...path, 'conditions', i];
    if (change.condition === undefined && policy.conditions.length > 1) {
      report([...at, 'condition'], `the key is missing; expected one of 0 to ${policy.conditions.length - 1}`);
      continue;
    }
    const index = change.condition ?? 0;
    const original = policy.conditions[index];
    if (original === undefined) {
      report([...at, 'condition'], `expected one of 0 to ${policy.conditions.length - 1}, got ${index}`);
      continue;
    }
    if (seen.has(index)) report([...at, 'condition'], `expected each condition once, got ${index} again`);
    seen.add(index);
    checkThresholds(change, original.operator, at, context);
    checkInheritedRecovery(change, original, at, context);
  }
}

function checkNotice(
  { receivers, groupBy, repeat }: WrittenPolicy['notice'],
  { receivers: known, name, report }: CheckContext,
): void {
  for (const [i, receiver] of receivers.entries()) {
    if (receivers.indexOf(receiver) !== i) {
      report(['notice', 'receivers', i], `expected each receiver once, got ${JSON.stringify(receiver)} again`);
    } else if (known !== undefined && !known.includes(receiver)) {
      const near = nearest(receiver, known);
      const hint =
        near !== undefined ? `; did you mean ${JSON.stringify(near)}?` : known.length === 0 ? '; there are none' : '';
      report(['notice', 'receivers', i], `expected the name of a receiver, got ${JSON.stringify(receiver)}${hint}`);
    }
  }
  for (const [i, label] of (groupBy ?? []).entries()) {
    if (label === '...' && groupBy!.length > 1) {
      report(['notice', 'groupBy', i], 'expected "..." alone, got it among others');
    } else if (label !== '...' && !LABEL.test(label)) {
      report(['notice', 'groupBy', i], `expected the name of a label, or "...", got ${describeGiven(label)}`);
    } else if (groupBy!.indexOf(label) !== i) {
      report(['notice', 'groupBy', i], `expected each label once, got ${JSON.stringify(label)} again`);
    }
  }
  if (repeat === undefined) return;
  const { kind, interval, first, longest } = repeat;
  if (kind === 'every' && interval === undefined) {
    report(
      ['notice', 'repeat', 'interval'],
      `the key is missing; expected a duration such as 30m for ${name('kind')} every`,
    );
  }
  for (const [key, value, of] of [
    ['interval', interval, 'every'],
    ['first', first, 'exponential'],
    ['longest', longest, 'exponential'],
  ] as const) {
    if (value !== undefined && kind !== of) {
      report(['notice', 'repeat', key], `expected only with ${name('kind')} ${of}, got it with ${kind}`);
    }
  }
  if (kind === 'exponential' && first !== undefined && longest !== undefined && longest < first) {
    const wanted = `expected at least ${name('first')}, which is ${formatDuration(first)}`;
    report(['notice', 'repeat', 'longest'], `${wanted}, got ${formatDuration(longest)}`);
  }
}

function checkLabels(
  labels: Readonly<Record<string, string>>,
  { path, reserved }: { readonly path: readonly PropertyKey[]; readonly reserved: readonly string[] },
  { report }: CheckContext,
): void {
  const names = Object.keys(labels);
  if (names.length > POLICY_LIMITS.labels) {
    report(path, `expected at most ${POLICY_LIMITS.labels}, got ${names.length}`);
  }
  for (const name of names) {
    if (!LABEL.test(name) || name.startsWith('__')) {
      report(
        [...path, name],
        `expected a name of letters, digits and _ that begins with no digit and not with __, got ${describeGiven(name)}`,
      );
    } else if (reserved.includes(name)) {
      report([...path, name], `expected another name: Pharos sets the label ${name} itself`);
    }
    try {
      new Template(labels[name]!);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      report([...path, name], `expected a template, got one with an error at ${error.message}`);
    }
  }
}
