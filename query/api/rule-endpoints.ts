import type { FastifyInstance } from 'fastify';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps, RuleGroupStatus, RuleStatus } from './query-api-deps.ts';
import { objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds rules, alerts and alertmanagers. */
export function addRuleEndpoints(scope: FastifyInstance, deps: QueryApiDeps): void {
  scope.get('/rules', async (request, reply) => {
    const filter = ruleFilter(Parameters.of(request));
    return sendChunks(request, reply, objectChunks({ groups: filter(await deps.rules()) }));
  });

  scope.get('/alerts', async (request, reply) =>
    sendChunks(request, reply, objectChunks({ alerts: await deps.alerts() })),
  );

  scope.get('/alertmanagers', async (request, reply) => {
    const activeAlertmanagers = (deps.alertmanagers?.() ?? []).map((url) => ({ url }));
    return sendChunks(request, reply, objectChunks({ activeAlertmanagers, droppedAlertmanagers: [] }));
  });
}

/** What type, rule_name[], rule_group[], file[] and exclude_alerts ask for; a group without rules left is left out. */
function ruleFilter(parameters: Parameters): (groups: readonly RuleGroupStatus[]) => RuleGroupStatus[] {
  const type = parameters.text('type').toLowerCase();
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  }
  const exclude = parameters.text('exclude_alerts').toLowerCase();
  const excludeAlerts = ['1', 't', 'true'].includes(exclude);
  if (exclude !== '' && !excludeAlerts && !['0', 'f', 'false'].includes(exclude)) {
    throw invalid(
      'exclude_alerts',
      `error converting exclude_alerts: must be true or false, got ${JSON.stringify(exclude)}`,
    );
  }
  const oneOf = (name: string): ((value: string) => boolean) => {
    const wanted = new Set(parameters.all(name));
    return (value) => wanted.size === 0 || wanted.has(value);
  };
  const [inNames, inGroups, inFiles] = [oneOf('rule_name[]'), oneOf('rule_group[]'), oneOf('file[]')];
  const wanted = (rule: RuleStatus): boolean =>
    inNames(rule.name) && (type === '' || type === (rule.type === 'alerting' ? 'alert' : 'record'));
  const shown = (rule: RuleStatus): RuleStatus =>
    rule.type === 'alerting' && excludeAlerts ? { ...rule, alerts: [] } : rule;
  return (groups) =>
    groups
      .filter((group) => inGroups(group.name) && inFiles(group.file))
      .map((group) => ({ ...group, rules: group.rules.filter(wanted).map(shown) }))
      .filter((group) => group.rules.length > 0);
}
