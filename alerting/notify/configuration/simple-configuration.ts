import type { NotifyConfiguration, Receiver, Route } from './configuration.ts';
import { ROUTE_DEFAULTS } from './parse-route.ts';

/** A receiver that gets every alert. What is undefined is as Alertmanager has it for routes. Durations are milliseconds. */
export interface SimpleReceiver extends Receiver {
  /** `...` means that every alert is a group of its own. */
  readonly groupBy?: readonly string[];
  readonly groupWait?: number | undefined;
  readonly groupInterval?: number | undefined;
  readonly repeatInterval?: number | undefined;
}

const RESOLVE_TIMEOUT = 5 * 60_000;

/**
 * The configuration that a plain list of receivers stands for: a root route to a receiver without integrations, and below it a route
 * without matchers to each of the receivers, all of which continue.
 */
export function simpleConfiguration(receivers: readonly SimpleReceiver[]): NotifyConfiguration {
  let nobody = 'nobody';
  while (receivers.some(({ name }) => name === nobody)) nobody += '_';
  const none = { matchers: [], muteTimeIntervals: [], activeTimeIntervals: [] } as const;
  const routes = receivers.map((receiver, i): Route => {
    const { name, groupBy = ROUTE_DEFAULTS.groupBy, groupWait, groupInterval, repeatInterval } = receiver;
    return {
      ...none,
      key: '{}/{}',
      id: `{}/${i}/{}`,
      continue: true,
      routes: [],
      receiver: name,
      groupBy: groupBy.filter((label) => label !== '...'),
      groupByAll: groupBy.includes('...'),
      groupWait: groupWait ?? ROUTE_DEFAULTS.groupWait,
      groupInterval: groupInterval ?? ROUTE_DEFAULTS.groupInterval,
      repeatInterval: repeatInterval ?? ROUTE_DEFAULTS.repeatInterval,
    };
  });
  const names = receivers.map(({ name }) => `- name: ${JSON.stringify(name)}\n`).join('');
  return {
    resolveTimeout: RESOLVE_TIMEOUT,
    route: { ...ROUTE_DEFAULTS, ...none, key: '{}', id: '{}', continue: false, receiver: nobody, routes },
    inhibitRules: [],
    timeIntervals: new Map(),
    receivers: [
      { name: nobody, integrations: [] },
      ...receivers.map(({ name, integrations }) => ({ name, integrations })),
    ],
    templates: [],
    text: receivers.length === 0 ? '' : `receivers:\n${names}`,
  };
}
