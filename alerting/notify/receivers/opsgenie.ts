import type { HttpRequest } from '../http-client.ts';
import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import { type Attempt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { groupHash } from './group-hash.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, jsonPost, readCommon } from './http-integration.ts';
import type { Rendering } from './rendering.ts';
import type { Section } from './section.ts';
import { truncateCharacters } from './truncate.ts';
import { withoutEmpty } from './without-empty.ts';

/** Fields that are one template each, with their defaults. */
const TEMPLATES = {
  message: '{{ template "opsgenie.default.message" . }}',
  description: '{{ template "opsgenie.default.description" . }}',
  source: '{{ template "opsgenie.default.source" . }}',
  entity: '',
  actions: '',
  tags: '',
  note: '',
  priority: '',
} as const;
type TemplateName = keyof typeof TEMPLATES;

export const OPSGENIE_KEYS = [
  ...COMMON_KEYS,
  ...Object.keys(TEMPLATES),
  'api_key',
  'api_key_file',
  'api_url',
  'details',
  'responders',
  'visible_to',
  'update_alerts',
];

const RESPONDER_KEYS = ['id', 'name', 'username', 'type'] as const;
const RESPONDER_TYPES = /^(?:team|teams|user|escalation|schedule)$/i;
const MAX_MESSAGE = 130;
const MAX_DESCRIPTION = 15_000;

type Responder = Readonly<Record<(typeof RESPONDER_KEYS)[number], string>>;

interface OpsgenieSettings {
  readonly apiUrl: string;
  readonly key: SecretSource;
  readonly templates: Readonly<Record<TemplateName, string>>;
  readonly details: Readonly<Record<string, string>>;
  readonly responders: readonly Responder[];
  readonly visibleTo: readonly Responder[];
  readonly updateAlerts: boolean;
}

/** `opsgenie_configs`: an alert for each group, of which the group's key is the alias. */
export function parseOpsgenie(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const key = section.secretTemplate('api_key') ?? globals.opsgenieApiKey;
  if (key === undefined) section.report(undefined, 'expected api_key, here or as opsgenie_api_key in global');
  const apiUrl = section.url('api_url') ?? globals.opsgenieApiUrl;
  const settings: OpsgenieSettings = {
    apiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`,
    key: key!,
    templates: Object.fromEntries(
      Object.entries(TEMPLATES).map(([name, fallback]) => [name, section.template(name, fallback)]),
    ) as Record<TemplateName, string>,
    details: section.templates('details'),
    responders: section.sections('responders', RESPONDER_KEYS).map(readResponder),
    visibleTo: section.sections('visible_to', RESPONDER_KEYS).map(readResponder),
    updateAlerts: section.boolean('update_alerts', false),
  };
  return httpIntegration(readCommon(section, { sendResolved: true }), readHttpConfig(section, globals.client), {
    context,
    attempt: () => (attempt) => notify(attempt, settings),
  });
}

function readResponder(section: Section): Responder {
  if (!['id', 'name', 'username'].some((key) => section.text(key) !== '')) {
    section.report(undefined, 'expected one of id, name and username');
  }
  const type = section.template('type');
  if (!type.includes('{{') && !RESPONDER_TYPES.test(type)) {
    section.report('type', `expected team, teams, user, escalation or schedule, got ${JSON.stringify(type)}`);
  }
  return { id: section.template('id'), name: section.template('name'), username: section.template('username'), type };
}

async function notify(attempt: Attempt, settings: OpsgenieSettings): Promise<Outcome> {
  const { clock, render } = attempt;
  const source = await settings.key.read();
  const key = source.includes('{{') ? render.secret('api_key', source) : source;
  if (key === undefined) return { kind: 'refused', reason: 'the template of api_key failed' };
  const headers = { authorization: `GenieKey ${key}` };
  // Opsgenie deals with what was sent twice, so what comes after a failure may begin anew.
  for (const { method, path, body } of requests(attempt, settings)) {
    const request: HttpRequest = { ...jsonPost(new URL(path, settings.apiUrl).href, body, headers), method };
    const outcome = outcomeOfAnswer(await attempt.send(request), { clock, secrets: [key] });
    if (outcome.kind !== 'delivered') return outcome;
  }
  return { kind: 'delivered' };
}

interface OpsgenieRequest {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: unknown;
}

function requests({ notification, render }: Attempt, settings: OpsgenieSettings): readonly OpsgenieRequest[] {
  const alias = groupHash(notification.groupKey);
  const text = (name: TemplateName): string => render.text(name, settings.templates[name], '');
  const source = text('source');
  const at = (what: string): string => `v2/alerts/${alias}/${what}?identifierType=alias`;
  if (notification.status === 'resolved') return [{ method: 'POST', path: at('close'), body: { source } }];
  const message = truncateCharacters(render.text('message', settings.templates.message), MAX_MESSAGE);
  const description = truncateCharacters(render.text('description', settings.templates.description), MAX_DESCRIPTION);
  const create: OpsgenieRequest = {
    method: 'POST',
    path: 'v2/alerts',
    body: {
      alias,
      message,
      details: { ...notification.commonLabels.toObject(), ...render.texts('details', settings.details) },
      source,
      ...withoutEmpty({
        description,
        responders: expandResponders(settings.responders, render),
        visibleTo: expandResponders(settings.visibleTo, render),
        tags: listed(text('tags')),
        note: text('note'),
        priority: text('priority'),
        entity: text('entity'),
        actions: listed(text('actions')),
      }),
    },
  };
  if (!settings.updateAlerts) return [create];
  return [
    create,
    { method: 'PUT', path: at('message'), body: withoutEmpty({ message }) },
    { method: 'PUT', path: at('description'), body: withoutEmpty({ description }) },
  ];
}

function expandResponders(responders: readonly Responder[], render: Rendering) {
  return responders.flatMap((templates) => {
    const responder = render.texts('responders', templates);
    if (Object.values(responder).every((text) => text === '')) return [];
    if (responder.type !== 'teams') return [{ ...withoutEmpty(responder), type: responder.type }];
    return listed(responder.name ?? '').map((name) => ({ name, type: 'team' }));
  });
}

function listed(text: string): readonly string[] {
  return text
    .trim()
    .split(',')
    .filter((item) => item !== '');
}
