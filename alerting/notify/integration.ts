/**
 * What a receiver consists of. The pipeline decides what is told when; an integration makes one attempt to tell it. Retrying, pausing,
 * limits and the notification log are around it, in one place for all of them.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert, NotificationStatus } from '../notifiable-alert.ts';
import type { FileProblem, Place, YamlReader } from '../yaml-reader.ts';

/**
 * Why it is sent: something fires that did not when it was told last; only ends of alerts are new; nothing has changed but it is time
 * to tell it again; a policy's alert has another level.
 */
export type NotificationReason = 'firing' | 'resolved' | 'repeat' | 'level';

/** Alerts that are told together. Immutable; all attempts to tell it have the same. */
export interface Notification {
  readonly receiver: string;
  /** The route and the group's labels, as Alertmanager writes it: `{}/{team="db"}:{alertname="Down"}`. Stays for the group's life. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** `firing` when one of the alerts fires. */
  readonly status: NotificationStatus;
  readonly reason: NotificationReason;
  /** How often the same was told before without a change in between. */
  readonly repeats: number;
  /** At least one, in the order in which Alertmanager has them; resolved ones only if the integration wants them. */
  readonly alerts: readonly NotifiableAlert[];
  /** How many alerts the group has beyond the integration's `maxAlerts`. */
  readonly truncatedAlerts: number;
  /** What all of `alerts` have in common. */
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  readonly externalUrl: string;
  /** When the group was looked at. Milliseconds. */
  readonly at: number;
}

/** How an attempt ended. A reason never holds a secret. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** Another attempt would end in the same way. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another attempt may help, but not before `retryAfter` milliseconds, 0 when the receiver does not say. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfter: number };

/** One way to tell a receiver something. */
export interface Integration {
  /** Its kind and its index among those of the same kind at the receiver, such as `webhook/0`. */
  readonly name: string;
  /** Whether it is told the ends of alerts. */
  readonly sendResolved: boolean;
  /** How many alerts one notification may have; 0 for any number. */
  readonly maxAlerts: number;
  /**
   * Makes one attempt, with a timeout of its own. May be called for several groups at once, never twice at once for one group.
   * What it rejects with counts as `failed`, and its message is not shown, since it may hold a secret. When the signal fires it ends
   * soon; whether something was sent is then not known.
   */
  notify(notification: Notification, signal: AbortSignal): Promise<Outcome>;
  /** Ends connections that it keeps; nothing is under way any more. */
  close?(): Promise<void>;
}

/** Expands the templates of receivers, with the definitions of the template files. */
export interface NotificationTemplates {
  /** Throws a TemplateError. */
  text(template: string, notification: Notification): string;
  /** As Go's html/template escapes. Throws a TemplateError. */
  html(template: string, notification: Notification): string;
}

export interface IntegrationDeps {
  readonly templates: NotificationTemplates;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An integration as the configuration describes it. Immutable. */
export interface IntegrationSettings {
  readonly sendResolved: boolean;
  readonly maxAlerts: number;
  /** `name` is the integration's. */
  create(name: string, deps: IntegrationDeps): Integration;
}

export interface ParseContext {
  /** Takes the problems. */
  readonly yaml: YamlReader;
  /** Absolute; names of files are relative to it. */
  readonly directory: string;
}

/** Reads one item of a receiver's section. Undefined after a problem, which it has reported. */
export type IntegrationParser = (item: Place) => IntegrationSettings | undefined;

/** All kinds of integrations there are. */
export interface IntegrationRegistry {
  /** The keys of the section `global` that are defaults of integrations. */
  readonly globalKeys: readonly string[];
  /**
   * Reads those of the keys that are written, once per configuration, and reports their problems; the parsers apply the defaults.
   * By the name of the section without `_configs`, which is the kind in the integrations' names: `webhook`, `slack`.
   */
  parsers(globals: ReadonlyMap<string, Place>, context: ParseContext): ReadonlyMap<string, IntegrationParser>;
  /** Compiles template files over the built-in ones. When there are problems the templates are not for use. */
  templates(files: readonly { readonly file: string; readonly text: string }[]): {
    readonly templates: NotificationTemplates;
    readonly problems: readonly FileProblem[];
  };
}
