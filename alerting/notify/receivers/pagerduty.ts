import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import { type Attempt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { groupHash } from './group-hash.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import { expandPayload, type Payload, readPayload } from './payload.ts';
import type { Rendering } from './rendering.ts';
import type { Section } from './section.ts';
import { truncateCharacters } from './truncate.ts';
import { withoutEmpty } from './without-empty.ts';

/** Fields that are one template each, with their defaults. */
const TEMPLATES = {
  client: '{{ template "pagerduty.default.client" . }}',
  client_url: '{{ template "pagerduty.default.clientURL" . }}',
  description: '{{ template "pagerduty.default.description" . }}',
  severity: 'error',
  source: '',
  class: '',
  component: '',
  group: '',
} as const;
type TemplateName = keyof typeof TEMPLATES;

const DETAILS: Readonly<Record<string, string>> = {
  firing: '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
  resolved: '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
  num_firing: '{{ .Alerts.Firing | len }}',
  num_resolved: '{{ .Alerts.Resolved | len }}',
};

export const PAGERDUTY_KEYS = [
  ...COMMON_KEYS,
  ...Object.keys(TEMPLATES),
  'routing_key',
  'routing_key_file',
  'service_key',
  'service_key_file',
  'url',
  'details',
  'images',
  'links',
];

/** The API that services of the type Prometheus have. */
const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json';
const MAX_SUMMARY = 1024;
/** In bytes. */
const MAX_EVENT = 512_000;

interface PagerdutySettings {
  readonly url: string;
  readonly key: SecretSource;
  /** Whether the key is a service's, of the older API. */
  readonly isV1: boolean;
  readonly templates: Readonly<Record<TemplateName, string>>;
  /** Text is sent as text, whatever it looks like; a list or a mapping as such. */
  readonly details: Readonly<Record<string, Payload>>;
  readonly images: readonly Readonly<Record<string, string>>[];
  readonly links: readonly Readonly<Record<string, string>>[];
}

/** `pagerduty_configs`: an incident for each group, of Events API v2, or of v1 where there is a service key. */
export function parsePagerduty(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const routingKey = section.secretTemplate('routing_key');
  const serviceKey = section.secretTemplate('service_key');
  if (routingKey === undefined && serviceKey === undefined)
    section.report(undefined, 'expected routing_key or service_key');
  if (routingKey !== undefined && serviceKey !== undefined) {
    section.report('service_key', 'expected at most one of routing_key and service_key');
  }
  const isV1 = routingKey === undefined;
  const read = (key: string, names: readonly string[]) =>
    section.sections(key, names).map((item) => Object.fromEntries(names.map((name) => [name, item.template(name)])));
  const templates = Object.fromEntries(
    Object.entries(TEMPLATES).map(([key, fallback]) => [key, section.template(key, fallback)]),
  ) as Record<TemplateName, string>;
  const url = section.url('url');
  const settings: PagerdutySettings = {
    url: url ?? (isV1 ? V1_URL : globals.pagerdutyUrl),
    key: (routingKey ?? serviceKey)!,
    isV1,
    templates: { ...templates, source: templates.source || templates.client },
    details: { ...DETAILS, ...readDetails(section) },
    images: read('images', ['src', 'alt', 'href']),
    links: read('links', ['href', 'text']),
  };
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

function readDetails(section: Section): Readonly<Record<string, Payload>> {
  const place = section.at('details');
  if (place === undefined) return {};
  const details = readPayload(section.context, place);
  if (typeof details === 'object' && details !== null && !Array.isArray(details)) {
    return details as Readonly<Record<string, Payload>>;
  }
  if (details !== null) section.report('details', 'expected a mapping');
  return {};
}

function expandDetails(
  details: Readonly<Record<string, Payload>>,
  render: Rendering,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details).map(([name, detail]) => {
      const field = `details.${name}`;
      return [name, typeof detail === 'string' ? render.text(field, detail) : expandPayload(detail, render, field)];
    }),
  );
}

async function notify(attempt: Attempt, settings: PagerdutySettings): Promise<Outcome> {
  const { clock, render } = attempt;
  const name = settings.isV1 ? 'service_key' : 'routing_key';
  const source = await settings.key.read();
  const key = source.includes('{{') ? render.secret(name, source) : source;
  if (key === undefined) return { kind: 'refused', reason: `the template of ${name} failed` };
  if (key === '') return { kind: 'refused', reason: `${name} is empty` };
  const event = settings.isV1 ? eventV1(attempt, settings, key) : eventV2(attempt, settings, key);
  const answer = await attempt.send(jsonPost(settings.url, event));
  // v1 says with 403 that there were too many.
  return outcomeOfAnswer(answer, { clock, secrets: [key], alsoRetried: settings.isV1 ? [403] : [] });
}

function eventV2({ notification, render }: Attempt, settings: PagerdutySettings, key: string): string {
  const text = (name: TemplateName): string => render.text(name, settings.templates[name], '');
  const event = (details: Readonly<Record<string, unknown>>) => ({
    ...withoutEmpty({
      routing_key: key,
      dedup_key: groupHash(notification.groupKey),
      client: text('client'),
      client_url: text('client_url'),
    }),
    event_action: notification.status === 'firing' ? 'trigger' : 'resolve',
    payload: {
      summary: truncateCharacters(render.text('description', settings.templates.description), MAX_SUMMARY),
      source: text('source') || 'Pharos',
      severity: render.text('severity', settings.templates.severity, 'error') || 'error',
      ...withoutEmpty({ class: text('class'), component: text('component'), group: text('group') }),
      custom_details: details,
    },
    ...withoutEmpty({
      images: settings.images.map((image) => render.texts('images', image)).filter(({ src }) => src !== ''),
      links: settings.links.map((link) => render.texts('links', link)).filter(({ href }) => href !== ''),
    }),
  });
  return withinLimit(event, expandDetails(settings.details, render));
}

function eventV1({ notification, render }: Attempt, settings: PagerdutySettings, key: string): string {
  const firing = notification.status === 'firing';
  const event = (details: Readonly<Record<string, unknown>>) => ({
    service_key: key,
    incident_key: groupHash(notification.groupKey),
    event_type: firing ? 'trigger' : 'resolve',
    description: truncateCharacters(render.text('description', settings.templates.description), MAX_SUMMARY),
    ...(firing &&
      withoutEmpty({
        client: render.text('client', settings.templates.client, ''),
        client_url: render.text('client_url', settings.templates.client_url, ''),
      })),
    details,
  });
  return withinLimit(event, expandDetails(settings.details, render));
}

/** What is too large is better told without its details than not at all. */
function withinLimit(
  event: (details: Readonly<Record<string, unknown>>) => unknown,
  details: Readonly<Record<string, unknown>>,
): string {
  const whole = JSON.stringify(event(details));
  if (Buffer.byteLength(whole) <= MAX_EVENT) return whole;
  return JSON.stringify(event({ error: `the details were left out: the event was larger than ${MAX_EVENT} bytes` }));
}
