import type { Condition, Quantities } from '../objects.ts';
import { roundQuantityUp } from '../quantity.ts';
import { sanitizeLabelName } from '../sanitize-label-name.ts';
import type { Emit } from './family.ts';

/** 1 or 0. */
export function numberOf(is: boolean | undefined): number {
  return is === true ? 1 : 0;
}

/** Unix seconds of a time as the API writes it; undefined for none. */
export function secondsOf(time: string | undefined): number | undefined {
  if (time === undefined || time === '') return undefined;
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

/** Says a time, where there is one. */
export function emitTime(emit: Emit, time: string | undefined): void {
  const seconds = secondsOf(time);
  if (seconds !== undefined) emit(seconds);
}

/** Says a number, where there is one. */
export function emitNumber(emit: Emit, value: number | undefined): void {
  if (value !== undefined) emit(value);
}

const STATUSES = ['true', 'false', 'unknown'] as const;
const STATUS_NAMES = { true: 'True', false: 'False', unknown: 'Unknown' } as const;

/** Says of each status that a condition can have whether it has it, in a label of this name after the others. */
export function emitStatus(
  emit: Emit,
  { status }: Condition,
  { label, before = [] }: { readonly label: 'condition' | 'status'; readonly before?: readonly string[] },
): void {
  for (const each of STATUSES) emit(numberOf(status === STATUS_NAMES[each]), ...before, label, each);
}

/** Says all conditions with the labels `condition` and `status`. */
export function emitConditions(emit: Emit, conditions: readonly Condition[] | undefined): void {
  for (const each of conditions ?? []) emitStatus(emit, each, { label: 'status', before: ['condition', each.type] });
}

/** Says of each of these whether it is the present one; nothing when there is none. */
export function emitChoice(emit: Emit, present: string | undefined, choices: readonly string[], label: string): void {
  if (present === undefined || present === '') return;
  for (const each of choices) emit(numberOf(each === present), label, each);
}

/** In which unit kube-state-metrics tells a resource; undefined for those that it does not tell. */
export function unitOf(resource: string): 'core' | 'byte' | 'integer' | undefined {
  switch (resource) {
    case 'cpu':
      return 'core';
    case 'memory':
    case 'storage':
    case 'ephemeral-storage':
      return 'byte';
    case 'pods':
      return 'integer';
  }
  if (resource.startsWith('hugepages-') || resource.startsWith('attachable-volumes-')) return 'byte';
  const isExtended =
    resource.includes('/') && !resource.includes('kubernetes.io/') && !resource.startsWith('requests.');
  return isExtended ? 'integer' : undefined;
}

/** Says quantities with the labels `resource` and `unit` after the others, those of containers in whole bytes and pieces. */
export function emitQuantities(
  emit: Emit,
  quantities: Quantities | undefined,
  { of, before = [] }: { readonly of: 'container' | 'node'; readonly before?: readonly string[] },
): void {
  if (quantities === undefined) return;
  for (const resource in quantities) {
    const unit = unitOf(resource);
    if (unit === undefined || (resource === 'pods' && of === 'container')) continue;
    const decimals = unit === 'core' || of === 'node' ? 3 : 0;
    const value = roundQuantityUp(quantities[resource]!, decimals);
    emit(value, ...before, 'resource', sanitizeLabelName(resource), 'unit', unit);
  }
}
