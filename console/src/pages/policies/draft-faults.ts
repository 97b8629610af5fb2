import type { FieldFault } from './policy-api.ts';
import { type PolicyDraft, SEVERITIES } from './policy-draft.ts';

/** What is wrong with a draft before the server is asked; empty when it is worth asking. */
export function draftFaults({ name, conditions, notice }: PolicyDraft): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (name.trim() === '') faults.push({ field: 'name', message: 'A policy needs a name.' });
  for (const [i, { metric, thresholds, period, periods, outOf }] of conditions.entries()) {
    const place = `conditions[${i}]`;
    if (metric === '') faults.push({ field: `${place}.metric`, message: 'Choose a metric.' });
    if (period.trim() === '') faults.push({ field: `${place}.period`, message: 'A duration, such as 5m.' });
    if (SEVERITIES.every((severity) => thresholds[severity] === undefined)) {
      faults.push({ field: `${place}.thresholds`, message: 'At least one severity needs a threshold.' });
    }
    if (outOf !== undefined && outOf < periods) {
      faults.push({
        field: `${place}.outOf`,
        message: `At least ${periods}: there must be as many periods to breach.`,
      });
    }
  }
  if (notice.repeat?.kind === 'every' && (notice.repeat.interval ?? '') === '') {
    faults.push({ field: 'notice.repeat.interval', message: 'How often? Such as 30m.' });
  }
  return faults;
}

/** What is wrong at a field or within it, for the field's error; undefined when nothing is. */
export function faultAt(faults: readonly FieldFault[], field: string): string | undefined {
  const found = faults.filter(
    (fault) => fault.field === field || fault.field.startsWith(`${field}.`) || fault.field.startsWith(`${field}[`),
  );
  return found.length === 0 ? undefined : found.map(({ message }) => message).join('; ');
}
