import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Labels } from '../../storage/labels.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps, RuleGroupStatus, RuleStatus } from './query-api-deps.ts';
import { objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds rules, alerts and alertmanagers. */
export function addRuleEndpoints(scope: FastifyInstance, deps: QueryApiDeps): void {
  scope.get('/rules', async (request, reply) => {
    const parameters = Parameters.of(request);
    const page = pageOf(parameters);
    const filter = ruleFilter(parameters);
    return sendChunks(request, reply, objectChunks(page(await deps.rules(), filter)));
  });

  scope.get('/alerts', async (request, reply) =>
    sendChunks(request, reply, objectChunks({ alerts: await deps.alerts() })),
  );

  scope.get('/alertmanagers', async (request, reply) => {
    const activeAlertmanagers = (deps.alertmanagers?.() ?? []).map((url) => ({ url }));
    return sendChunks(request, reply, objectChunks({ activeAlertmanagers, droppedAlertmanagers: [] }));
  });
}

type GroupFilter = (group: RuleGroupStatus) => ShownGroup | undefined;

/** A group of which some rules, or their alerts, may be left out; Prometheus writes alerts that are left out as null. */
type ShownGroup = Omit<RuleGroupStatus, 'rules'> & { readonly rules: readonly object[] };

interface RulePage {
  readonly groups: readonly ShownGroup[];
  readonly groupNextToken?: string;
}

/**
 * The part of the groups that group_limit and group_next_token ask for. A token is the name of the first group that has
 * not been given yet; it holds as long as that group exists.
 */
function pageOf(parameters: Parameters): (groups: readonly RuleGroupStatus[], filter: GroupFilter) => RulePage {
  const limit = groupLimit(parameters.text('group_limit'));
  const token = parameters.text('group_next_token');
  if (token !== '' && limit === undefined) {
    throw invalid('group_next_token', 'group_limit needs to be present in order to paginate over the groups');
  }
  return (unsorted, filter) => {
    const all = unsorted.toSorted(byFileAndName);
    const first = token === '' ? 0 : all.findIndex((group) => tokenOf(group) === token);
    if (first < 0) throw invalid('group_next_token', `invalid group_next_token '${token}'. were rule groups changed?`);
    const groups: ShownGroup[] = [];
    for (const group of all.slice(first)) {
      const shown = filter(group);
      if (shown === undefined) continue;
      if (groups.length === limit) return { groups, groupNextToken: tokenOf(group) };
      groups.push(shown);
    }
    return { groups };
  };
}

function byFileAndName(a: RuleGroupStatus, b: RuleGroupStatus): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function groupLimit(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    const problem = `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw invalid('group_limit', `group_limit needs to be a valid number: ${problem}`);
  }
  if (Number(text) <= 0) throw invalid('group_limit', 'group_limit needs to be greater than 0');
  return Number(text);
}

function tokenOf({ file, name }: RuleGroupStatus): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex');
}

/**
 * What type, rule_name[], rule_group[], file[], match[] and exclude_alerts ask for; a group without rules left is left
 * out. match[] is about the labels that a rule is written with, templates as they stand.
 */
function ruleFilter(parameters: Parameters): GroupFilter {
  const type = parameters.text('type').toLowerCase();
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  }
  const matcherSets = parameters.matcherSets();
  const excludeAlerts = parameters.boolean('exclude_alerts', 'error converting exclude_alerts') ?? false;
  const oneOf = (name: string): ((value: string) => boolean) => {
    const wanted = new Set(parameters.all(name));
    return (value) => wanted.size === 0 || wanted.has(value);
  };
  const [inNames, inGroups, inFiles] = [oneOf('rule_name[]'), oneOf('rule_group[]'), oneOf('file[]')];
  const matches = (rule: RuleStatus): boolean => {
    if (matcherSets.length === 0) return true;
    const labels = Labels.from(rule.labels);
    return matcherSets.some((set) => set.every((matcher) => matcher.matches(labels.get(matcher.name))));
  };
  const wanted = (rule: RuleStatus): boolean =>
    inNames(rule.name) && (type === '' || type === (rule.type === 'alerting' ? 'alert' : 'record')) && matches(rule);
  const shown = (rule: RuleStatus): object => {
    if (rule.type === 'alerting') return excludeAlerts ? { ...rule, alerts: null } : rule;
    // As in Prometheus, recording rules without labels have no such field.
    const { labels, ...rest } = rule;
    return Object.keys(labels).length === 0 ? rest : rule;
  };
  return (group) => {
    if (!inGroups(group.name) || !inFiles(group.file)) return undefined;
    const rules = group.rules.filter(wanted).map(shown);
    return rules.length === 0 ? undefined : { ...group, rules };
  };
}
