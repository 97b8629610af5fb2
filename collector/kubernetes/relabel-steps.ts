import { RELABEL_DEFAULTS, type RelabelConfig } from '../relabel.ts';

/** Short forms of relabelling steps. Source labels are joined with `;`. */

/** Goes on only with what matches as a whole. */
export function keep(sourceLabels: readonly string[], regex: string): RelabelConfig {
  return { ...RELABEL_DEFAULTS, action: 'keep', sourceLabels, regex };
}

/** Ends with what matches as a whole. */
export function drop(sourceLabels: readonly string[], regex: string): RelabelConfig {
  return { ...RELABEL_DEFAULTS, action: 'drop', sourceLabels, regex };
}

/** Copies the sources, or what `replacement` makes of a match, to the target; without a match nothing happens. */
export function replace(
  sourceLabels: readonly string[],
  targetLabel: string,
  { regex = '(.*)', replacement = '$1' }: { readonly regex?: string; readonly replacement?: string } = {},
): RelabelConfig {
  return { ...RELABEL_DEFAULTS, sourceLabels, targetLabel, regex, replacement };
}

/** Sets a label; a dollar in the value stands for itself. */
export function set(targetLabel: string, value: string): RelabelConfig {
  return { ...RELABEL_DEFAULTS, targetLabel, replacement: value.replaceAll('$', '$$$$') };
}
