import { RELABEL_DEFAULTS, type RelabelConfig } from '../../collector/relabel.ts';
import { hasVariable } from '../../collector/relabel-template.ts';
import type { Reading } from './reading.ts';
import type { RelabelSettings } from './relabel-keys.ts';
import { badLabelName } from './scalars.ts';

/** Checks which keys go with which action. */
export function buildRelabelConfigs(list: readonly RelabelSettings[], reading: Reading): RelabelConfig[] {
  return list.map((settings) => buildRelabelConfig(settings, reading));
}

type Action = RelabelConfig['action'];

const NEEDS_TARGET: ReadonlySet<Action> = new Set([
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
]);

/** Keys that mean nothing for an action, so that to give them is a mistake. */
const USELESS: Partial<Record<Action, readonly (keyof RelabelSettings)[]>> = {
  keepequal: ['regex', 'modulus', 'separator', 'replacement'],
  dropequal: ['regex', 'modulus', 'separator', 'replacement'],
  lowercase: ['replacement'],
  uppercase: ['replacement'],
  labeldrop: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'],
  labelkeep: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'],
};

function buildRelabelConfig(settings: RelabelSettings, reading: Reading): RelabelConfig {
  const { action, target_label: target } = settings;
  const config: RelabelConfig = {
    action,
    sourceLabels: settings.source_labels,
    separator: settings.separator,
    regex: settings.regex,
    modulus: settings.modulus,
    targetLabel: target,
    replacement: settings.replacement,
  };
  // With a misspelt action it is not known what belongs to it.
  if (!reading.isSound(settings, 'action')) return config;
  if (NEEDS_TARGET.has(action) && target === '' && reading.isSound(settings, 'target_label')) {
    reading.report(reading.placeOf(settings), `the key "target_label" is missing; the action ${action} needs it`);
  }
  if (action === 'hashmod' && settings.modulus === 0 && reading.isSound(settings, 'modulus')) {
    reading.report(reading.placeOf(settings), 'the key "modulus" is missing; the action hashmod needs it');
  }
  if (NEEDS_TARGET.has(action) && target !== '') {
    const wrong = hasVariable(target) && action === 'replace' ? undefined : badLabelName(target);
    if (wrong !== undefined) reading.report(reading.placeOf(settings, 'target_label'), wrong);
  }
  const defaults: Record<string, unknown> = {
    source_labels: RELABEL_DEFAULTS.sourceLabels,
    separator: RELABEL_DEFAULTS.separator,
    regex: RELABEL_DEFAULTS.regex,
    modulus: RELABEL_DEFAULTS.modulus,
    target_label: RELABEL_DEFAULTS.targetLabel,
    replacement: RELABEL_DEFAULTS.replacement,
  };
  for (const name of USELESS[action] ?? []) {
    // A default that is written out does no harm, and Prometheus accepts it.
    if (!reading.isGiven(settings, name) || String(settings[name]) === String(defaults[name])) continue;
    reading.report(
      reading.placeOf(settings, name),
      `the action ${action} has no use for the key ${JSON.stringify(name)}`,
    );
  }
  return config;
}
