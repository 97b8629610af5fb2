import { RELABEL_DEFAULTS } from '../../collector/relabel.ts';
import { integer, oneOfFolded, regex, text } from './scalars.ts';
import { key, list, map, type ValueOf } from './shape.ts';

const relabelKeys = {
  action: key(
    oneOfFolded(
      'replace',
      'keep',
      'drop',
      'keepequal',
      'dropequal',
      'hashmod',
      'labelmap',
      'labeldrop',
      'labelkeep',
      'lowercase',
      'uppercase',
    ),
    RELABEL_DEFAULTS.action,
    'What to do.',
  ),
  source_labels: key(list(text), RELABEL_DEFAULTS.sourceLabels, 'Labels whose values are joined and matched.'),
  separator: key(text, RELABEL_DEFAULTS.separator, 'Stands between the joined values.'),
  regex: key(regex, RELABEL_DEFAULTS.regex, 'RE2, matched against the whole value (or label name).'),
  modulus: key(integer(1), RELABEL_DEFAULTS.modulus, 'For hashmod: what the hash is taken modulo of.'),
  target_label: key(text, RELABEL_DEFAULTS.targetLabel, 'The label that is set; may use groups of the regex.'),
  replacement: key(text, RELABEL_DEFAULTS.replacement, 'The new value; $1 is the first group of the regex.'),
};

export const relabelConfigs = list(map(relabelKeys));

export type RelabelSettings = ValueOf<typeof relabelKeys>;
