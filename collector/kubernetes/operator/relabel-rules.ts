import { compileRelabel, RELABEL_DEFAULTS, type RelabelConfig } from '../../relabel.ts';
import { hasVariable } from '../../relabel-template.ts';
import type { Fields } from './fields.ts';

const ACTIONS = [
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
] as const;

type Action = (typeof ACTIONS)[number];

const NEEDS_TARGET: ReadonlySet<Action> = new Set([
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
]);

/** Fields without meaning for an action; a default that is written out does no harm. */
const USELESS: Partial<Record<Action, readonly (keyof RelabelConfig)[]>> = {
  keepequal: ['regex', 'modulus', 'separator', 'replacement'],
  dropequal: ['regex', 'modulus', 'separator', 'replacement'],
  lowercase: ['replacement'],
  uppercase: ['replacement'],
  labeldrop: ['sourceLabels', 'targetLabel', 'modulus', 'separator', 'replacement'],
  labelkeep: ['sourceLabels', 'targetLabel', 'modulus', 'separator', 'replacement'],
};

/** A step with Prometheus' defaults for the rest. */
export function rule(step: Partial<RelabelConfig>): RelabelConfig {
  return { ...RELABEL_DEFAULTS, ...step };
}

/** Text that a replacement gives as it is. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** The steps of a list such as `relabelings`. Throws a FieldError for the first one that Prometheus would refuse. */
export function readRelabelings(fields: Fields, name: string): readonly RelabelConfig[] {
  return fields.maps(name).map(readRelabeling);
}

function readRelabeling(fields: Fields): RelabelConfig {
  const config: RelabelConfig = {
    action: fields.oneOfFolded('action', ACTIONS) ?? RELABEL_DEFAULTS.action,
    sourceLabels: fields.texts('sourceLabels'),
    separator: fields.textOrEmpty('separator') ?? RELABEL_DEFAULTS.separator,
    regex: fields.text('regex') ?? RELABEL_DEFAULTS.regex,
    modulus: fields.integer('modulus') ?? RELABEL_DEFAULTS.modulus,
    targetLabel: fields.text('targetLabel') ?? RELABEL_DEFAULTS.targetLabel,
    replacement: fields.textOrEmpty('replacement') ?? RELABEL_DEFAULTS.replacement,
  };
  const { action, targetLabel } = config;
  if (NEEDS_TARGET.has(action)) {
    if (targetLabel === '') fields.fail('targetLabel', `the action ${action} needs it, got nothing`);
    const isTemplate = action === 'replace' && hasVariable(targetLabel);
    if (!isTemplate && /\p{Surrogate}/u.test(targetLabel)) {
      fields.fail('targetLabel', `expected a label name, got ${JSON.stringify(targetLabel)}`);
    }
  }
  if (action === 'hashmod' && config.modulus === 0) fields.fail('modulus', 'the action hashmod needs it, got nothing');
  if (action === 'labelmap' && config.replacement === '') {
    fields.fail('replacement', 'expected the label name that labelmap makes, got ""');
  }
  for (const name of USELESS[action] ?? []) {
    if (String(config[name]) !== String(RELABEL_DEFAULTS[name])) {
      fields.fail(name, `the action ${action} has no use for it, got ${JSON.stringify(config[name])}`);
    }
  }
  checkRegex(fields, 'regex', config.regex);
  return config;
}

/** Regular expressions that are right: objects have the same ones over and over, and compiling is most of the work. */
const RIGHT = new Set<string>();
const MAX_RIGHT = 10_000;
/** Characters of one that is remembered. */
const MAX_REGEX = 500;

/** Throws a FieldError when what stands in a field, or comes from it, is no regular expression. */
export function checkRegex(fields: Fields, name: string, regex: string): void {
  if (RIGHT.has(regex)) return;
  try {
    compileRelabel([rule({ action: 'keep', regex })]);
  } catch (error) {
    fields.fail(name, error instanceof Error ? error.message : String(error));
  }
  if (regex.length > MAX_REGEX) return;
  if (RIGHT.size >= MAX_RIGHT) RIGHT.clear();
  RIGHT.add(regex);
}
