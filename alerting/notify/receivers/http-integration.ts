import type { HttpClientSettings, OpenHttpClient } from '../http-client.ts';
import type { IntegrationDeps, IntegrationSettings, Notification, Outcome } from '../integration.ts';
import { type Attempt, guarded } from './attempt.ts';
import { Rendering } from './rendering.ts';
import type { Section } from './section.ts';

/** What every integration is made with. */
export interface IntegrationContext {
  readonly openHttp: OpenHttpClient;
  readonly allowedAddress: ((address: string) => boolean) | undefined;
  /** Counts. */
  readonly templateFailed: (receiver: string, integration: string) => void;
}

/** What the sections of all integrations have in common. */
export interface CommonSettings {
  readonly sendResolved: boolean;
  readonly maxAlerts: number;
  /** Of one attempt, in milliseconds. */
  readonly timeout: number;
}

export const COMMON_KEYS = ['send_resolved', 'http_config', 'timeout'];
const TIMEOUT = 10_000;

export function readCommon(
  section: Section,
  { sendResolved, timeout = TIMEOUT }: { readonly sendResolved: boolean; readonly timeout?: number },
): CommonSettings {
  return {
    sendResolved: section.boolean('send_resolved', sendResolved),
    maxAlerts: 0,
    // 0 means no limit to Alertmanager; there is always one here.
    timeout: section.duration('timeout', timeout) || timeout,
  };
}

/** An integration whose attempts are requests to one server. `open` makes it new, with whatever it keeps between attempts. */
export function httpIntegration(
  common: CommonSettings,
  client: HttpClientSettings,
  {
    context,
    attempt,
  }: { readonly context: IntegrationContext; readonly attempt: () => (attempt: Attempt) => Promise<Outcome> },
): IntegrationSettings {
  const { sendResolved, maxAlerts, timeout } = common;
  return {
    sendResolved,
    maxAlerts,
    create(name, { templates, clock, logger }) {
      const { allowedAddress } = context;
      const http = context.openHttp(client, { timeout, allowedAddress });
      const run = attempt();
      return {
        name,
        sendResolved,
        maxAlerts,
        notify(notification, signal) {
          const render = renderingOf(notification, { name, templates, logger, context });
          return guarded(
            (inner) =>
              run({
                notification,
                render,
                clock,
                logger,
                signal: inner,
                send: (request) => http.request(request, inner),
              }),
            { clock, timeout, signal },
          );
        },
        close: () => http.close(),
      };
    },
  };
}

/** Renders a notification for the integration of that name; a template that fails is counted and logged. */
export function renderingOf(
  notification: Notification,
  {
    name,
    templates,
    logger,
    context,
  }: Pick<IntegrationDeps, 'templates' | 'logger'> & { readonly name: string; readonly context: IntegrationContext },
): Rendering {
  const { receiver } = notification;
  return new Rendering(notification, {
    templates,
    failed(field, message) {
      context.templateFailed(receiver, name);
      logger.warn({ receiver, integration: name, field }, `a template of a notification failed: ${message}`);
    },
  });
}

/** A POST of JSON. */
export function jsonPost(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
