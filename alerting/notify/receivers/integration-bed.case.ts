import { tmpdir } from 'node:os';
import pino from 'pino';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import { Labels } from '../../../storage/labels.ts';
import type { NotifiableAlert } from '../../notifiable-alert.ts';
import { type Place, YamlReader } from '../../yaml-reader.ts';
import type { OpenHttpClient } from '../http-client.ts';
import type { Integration, Notification, Outcome } from '../integration.ts';
import { createIntegrationRegistry } from './integration-registry.ts';

/** 2026-03-02T12:00:00Z. */
export const NOON = Date.UTC(2026, 2, 2, 12);

/** A plain client of undici, without what settings may ask for. */
export const openPlainHttp: OpenHttpClient = () => {
  const agent = new Agent();
  return {
    async request({ method, url, headers, body }, signal) {
      const answer = await request(url, {
        method: method as 'POST',
        headers,
        ...(body !== undefined && { body }),
        dispatcher: agent,
        signal,
      });
      const names = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      return { status: answer.statusCode, headers: Object.fromEntries(names), body: await answer.body.text() };
    },
    close: () => agent.destroy(),
  };
};

export interface BedOptions {
  /** The section `global`. */
  readonly global?: string;
  readonly templates?: string;
  readonly clock?: Clock;
  readonly openHttp?: OpenHttpClient;
}

export interface Bed {
  readonly integration: Integration;
  /** Every line that was logged. */
  readonly log: string[];
  readonly registry: Registry;
  notify(notification?: Partial<Notification>): Promise<Outcome>;
}

/** Parses an item of a receiver's section and makes the integration. Throws with the problems when there are some. */
export function createBed(kind: string, item: string, options: BedOptions = {}): Bed {
  const { settings, problems, templates, registry } = parseItem(kind, item, options);
  if (settings === undefined) throw new Error(problems.join('\n'));
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  const clock = options.clock ?? SYSTEM_CLOCK;
  const integration = settings.create(`${kind}/0`, { templates, clock, logger });
  return {
    integration,
    log,
    registry,
    notify: (notification = {}) => integration.notify(notificationOf(notification), new AbortController().signal),
  };
}

export function parseItem(kind: string, item: string, options: BedOptions = {}) {
  const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
  const yaml = new YamlReader('test.yml', `global:\n${indented(options.global ?? '{}')}\nitem:\n${indented(item)}\n`);
  const registry = new Registry();
  const integrations = createIntegrationRegistry({
    openHttp: options.openHttp ?? openPlainHttp,
    clock: options.clock ?? SYSTEM_CLOCK,
    registry,
  });
  const root = yaml.map(yaml.root ?? { node: null, path: '', offset: 0 });
  const globals: ReadonlyMap<string, Place> = yaml.map(root.get('global')!, integrations.globalKeys);
  const parser = integrations.parsers(globals, { yaml, directory: tmpdir() }).get(kind)!;
  const settings = parser(root.get('item')!);
  const { templates } = integrations.templates(
    options.templates === undefined ? [] : [{ file: 'user.tmpl', text: options.templates }],
  );
  const problems = yaml.problems.map(({ line, field, message }) => `${line}: ${field}: ${message}`);
  return { settings, problems, templates, registry };
}

export function alertOf(more: Partial<NotifiableAlert> & { readonly name?: string } = {}): NotifiableAlert {
  const { name = 'Down', ...rest } = more;
  const labels = rest.labels ?? Labels.from({ alertname: name, instance: 'h1:9100', severity: 'critical' });
  return {
    rule: 'file;group;0',
    key: labels.key,
    labels,
    annotations: Labels.from({ summary: `${name} <is> "down" & out` }),
    status: 'firing',
    startsAt: NOON - 3_600_000,
    endsAt: 0,
    validUntil: NOON + 240_000,
    generatorUrl: 'http://pharos.example/graph?g0.expr=up',
    ...rest,
  };
}

export const resolvedOf = (more: Parameters<typeof alertOf>[0] = {}): NotifiableAlert =>
  alertOf({ status: 'resolved', endsAt: NOON - 60_000, ...more });

/** Of one firing alert unless told otherwise; what follows from the alerts is computed. */
export function notificationOf(more: Partial<Notification> = {}): Notification {
  const alerts = more.alerts ?? [alertOf()];
  const common = (sets: readonly Labels[]): Labels =>
    sets[0]!.filter((name, value) => sets.every((set) => set.get(name) === value));
  const groupLabels = more.groupLabels ?? Labels.from({ alertname: alerts[0]!.labels.get('alertname') });
  const status = alerts.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
  return {
    receiver: 'team',
    groupKey: `{}:${groupLabels.toString()}`,
    groupLabels,
    status,
    reason: status,
    repeats: 0,
    alerts,
    truncatedAlerts: 0,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalUrl: 'http://pharos.example',
    at: NOON,
    ...more,
  };
}
