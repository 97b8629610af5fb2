import { TemplateError } from '../../template/template-error.ts';
import type { Notification, NotificationTemplates } from '../integration.ts';

export interface RenderingDeps {
  readonly templates: NotificationTemplates;
  /** Is told of a field whose template failed; the message holds no secret. */
  readonly failed: (field: string, message: string) => void;
}

/** Expands the fields of one notification. A template that fails costs the field its text, not the notification. */
export class Rendering {
  readonly notification: Notification;
  readonly #deps: RenderingDeps;

  constructor(notification: Notification, deps: RenderingDeps) {
    this.notification = notification;
    this.#deps = deps;
  }

  /** The fallback is a line that says what is told, and that the template failed. */
  text(field: string, template: string, fallback?: string): string {
    return this.#expand(field, fallback, () => this.#deps.templates.text(template, this.notification));
  }

  /** As `text`, escaped for HTML. */
  html(field: string, template: string, fallback?: string): string {
    return this.#expand(field, fallback, () => this.#deps.templates.html(template, this.notification));
  }

  texts(field: string, templates: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(templates).map(([name, template]) => [name, this.text(`${field}.${name}`, template)]),
    );
  }

  /** For what is no text but an address, or a secret: undefined when the template fails. Its error, which may quote it, is not told. */
  secret(field: string, template: string): string | undefined {
    try {
      return this.#deps.templates.text(template, this.notification);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#deps.failed(field, `at ${error.line}:${error.column}`);
      return undefined;
    }
  }

  #expand(field: string, fallback: string | undefined, expand: () => string): string {
    try {
      return expand();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#deps.failed(field, error.message);
      return fallback ?? `${plainLine(this.notification)} (the template of ${field} failed: ${error.message})`;
    }
  }
}

/** What is told, in one line and without any template. */
export function plainLine(notification: Notification): string {
  const { status, alerts, groupLabels, commonLabels } = notification;
  const count = alerts.filter((alert) => alert.status === status).length;
  const name = commonLabels.get('alertname') || groupLabels.get('alertname');
  return `[${status.toUpperCase()}:${count}] ${name} ${groupLabels.toString()}`.replaceAll('  ', ' ').trim();
}
