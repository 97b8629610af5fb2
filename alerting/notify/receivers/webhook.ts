import { timeZone } from '../../template/time-zone.ts';
import type { IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import { webhookBody, webhookMessage } from '../webhook-body.ts';
import { type Attempt, outcomeOfAnswer } from './attempt.ts';
import type { Globals } from './globals.ts';
import { readHttpConfig } from './http-config.ts';
import { COMMON_KEYS, httpIntegration, type IntegrationContext, readCommon } from './http-integration.ts';
import { expandPayload, type Payload, readPayload } from './payload.ts';
import { plainLine } from './rendering.ts';
import type { Section } from './section.ts';
import { TkePosts } from './tke-posts.ts';

export const WEBHOOK_KEYS = [
  ...COMMON_KEYS,
  'url',
  'url_file',
  'max_alerts',
  'payload',
  'body',
  'content_type',
  'method',
  'headers',
  'time_zone',
];

const METHODS = ['POST', 'PUT', 'PATCH'] as const;
const TKE_TIMEOUT = 5_000;

/** What is posted: a body of a known form, a layout whose texts are templates, or one template for all of it. */
type Body =
  | { readonly kind: 'alertmanager' | 'tke' }
  | { readonly kind: 'payload'; readonly payload: Payload }
  | { readonly kind: 'template'; readonly template: string };

interface WebhookSettings {
  readonly url: SecretSource;
  readonly body: Body;
  readonly method: string;
  readonly contentType: string;
  /** Templates. */
  readonly headers: Readonly<Record<string, string>>;
  readonly zone: string;
}

/** `webhook_configs`: a request to any URL. */
export function parseWebhook(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const url = section.secretUrl('url');
  if (url === undefined) section.report(undefined, 'expected url or url_file');
  const body = readBody(section);
  const settings: WebhookSettings = {
    url: url!,
    body,
    method: section.oneOf('method', METHODS, 'POST'),
    contentType: section.text('content_type', 'application/json'),
    headers: section.templates('headers'),
    zone: readZone(section),
  };
  const timeout = body.kind === 'tke' ? { timeout: TKE_TIMEOUT } : {};
  const common = {
    ...readCommon(section, { sendResolved: true, ...timeout }),
    maxAlerts: section.integer('max_alerts', 0),
  };
  return httpIntegration(common, readHttpConfig(section, globals.client), {
    context,
    attempt() {
      if (body.kind !== 'tke') return (attempt) => post(attempt, settings);
      const posts = new TkePosts({ zone: settings.zone, post: (inner, content) => send(inner, settings, content) });
      return (attempt) => posts.notify(attempt);
    },
  });
}

function readBody(section: Section): Body {
  const payload = section.at('payload');
  if (payload !== undefined && payload.node !== null) {
    if (section.has('body')) section.report('body', 'expected at most one of payload and body');
    return { kind: 'payload', payload: readPayload(section.context, payload) };
  }
  const text = section.text('body', 'alertmanager');
  if (text === 'alertmanager' || text === 'tke') return { kind: text };
  if (!text.includes('{{')) {
    section.report('body', `expected alertmanager, tke or a template, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  return { kind: 'template', template: section.template('body') };
}

function readZone(section: Section): string {
  const zone = section.text('time_zone', 'UTC');
  try {
    timeZone(zone);
  } catch {
    section.report('time_zone', `expected a time zone such as Asia/Shanghai, got ${JSON.stringify(zone)}`);
    return 'UTC';
  }
  return zone;
}

async function post(attempt: Attempt, settings: WebhookSettings): Promise<Outcome> {
  return send(attempt, settings, bodyText(attempt, settings.body));
}

function bodyText({ notification, render }: Attempt, body: Body): string {
  switch (body.kind) {
    case 'payload':
      return JSON.stringify(expandPayload(body.payload, render));
    case 'template': {
      // Whoever cannot have his own form still learns what happened.
      const fallback = {
        ...webhookMessage(notification),
        error: `${plainLine(notification)} (the template of body failed)`,
      };
      return render.text('body', body.template, JSON.stringify(fallback));
    }
    case 'alertmanager':
    case 'tke':
      return webhookBody(notification);
    default:
      return body satisfies never;
  }
}

async function send(attempt: Attempt, settings: WebhookSettings, body: string): Promise<Outcome> {
  const { clock, render } = attempt;
  const source = await settings.url.read();
  const url = source.includes('{{') ? render.secret('url', source) : source;
  if (url === undefined) return { kind: 'refused', reason: 'the template of url failed' };
  const answer = await attempt.send({
    method: settings.method,
    url,
    headers: { 'content-type': settings.contentType, ...expandHeaders(attempt, settings.headers) },
    body,
  });
  return outcomeOfAnswer(answer, { clock, secrets: [url] });
}

/** What an HTTP header cannot carry, as a line break of an annotation, becomes a space. */
function expandHeaders({ render }: Attempt, headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(render.texts('headers', headers)).map(([name, text]) => [
      name.toLowerCase(),
      text.replace(/[^\t\x20-\x7e]+/g, ' ').trim(),
    ]),
  );
}
