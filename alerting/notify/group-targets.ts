import { labelSetText } from '../group-key.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { GroupTarget } from './aggregation-group.ts';
import { LEVEL_LABEL } from './alert-level.ts';
import type { Route } from './configuration/configuration.ts';
import { repeatAfter } from './needs-update.ts';
import { groupLabels, matchingRoutes } from './route.ts';

/**
 * The groups that an alert belongs to: one for each route that it takes. A policy's alert belongs to groups of its policy, one at each
 * receiver; what the policy does not say about them is as the route says.
 */
export function groupTargets(alert: NotifiableAlert, root: Route): readonly GroupTarget[] {
  const routes = matchingRoutes(root, alert.labels);
  return alert.notice === undefined
    ? routes.map((route) => routeTarget(alert, route))
    : policyTargets({ ...alert, notice: alert.notice }, routes, root);
}

function routeTarget({ labels }: NotifiableAlert, route: Route): GroupTarget {
  const own = groupLabels(labels, route);
  return {
    id: `${route.id}\n${own.key}`,
    receiver: route.receiver,
    groupKey: `${route.key}:${labelSetText(own)}`,
    labels: own,
    options: {
      wait: route.groupWait,
      interval: route.groupInterval,
      repeatAfter: () => route.repeatInterval,
      isPrompt: false,
      muteTimeIntervals: route.muteTimeIntervals,
      activeTimeIntervals: route.activeTimeIntervals,
    },
  };
}

function policyTargets(
  { labels, notice }: NotifiableAlert & { readonly notice: NonNullable<NotifiableAlert['notice']> },
  routes: readonly Route[],
  root: Route,
): GroupTarget[] {
  const { key, receivers, groupBy, repeat } = notice;
  const places =
    receivers.length === 0
      ? routes.map((route) => ({ receiver: route.receiver, route }))
      : receivers.map((receiver) => ({ receiver, route: routes.find((route) => route.receiver === receiver) ?? root }));
  const targets = new Map<string, GroupTarget>();
  for (const { receiver, route } of places) {
    if (targets.has(receiver)) continue;
    const by = groupBy ?? (route.groupByAll ? ['...'] : route.groupBy);
    // The level never splits a policy's groups, so that a change stays in its group.
    const own = groupLabels(labels.with(LEVEL_LABEL, ''), { groupBy: by, groupByAll: by.includes('...') });
    const groupKey = `policy/${JSON.stringify(key)}:${labelSetText(own)}`;
    targets.set(receiver, {
      id: `${receiver}\n${groupKey}`,
      receiver,
      groupKey,
      labels: own,
      options: {
        wait: notice.groupWait ?? route.groupWait,
        interval: notice.groupInterval ?? route.groupInterval,
        repeatAfter: (repeats) => (repeat === undefined ? route.repeatInterval : repeatAfter(repeat, repeats)),
        isPrompt: true,
        muteTimeIntervals: route.muteTimeIntervals,
        activeTimeIntervals: route.activeTimeIntervals,
      },
    });
  }
  return [...targets.values()];
}
