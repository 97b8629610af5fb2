import type { Clock } from '../../../clock/clock.ts';
import { notificationFunctions } from '../../template/notification-functions.ts';
import { type TemplateFile, type TemplateFileProblem, TemplateSet } from '../../template/template-set.ts';
import type { GoStruct } from '../../template/value.ts';
import type { Notification, NotificationTemplates } from '../integration.ts';
import { DEFAULT_TEMPLATES } from './default-templates.ts';
import { templateData } from './template-data.ts';

/** For so many milliseconds a notification's data is kept, durations up to now among it. */
const KEEP_DATA = 1_000;

/** The templates of notifications: the built-in definitions, and over them those of the user's files. */
export class CompiledTemplates implements NotificationTemplates {
  readonly #set: TemplateSet;
  readonly #clock: Pick<Clock, 'now'>;
  /** Many fields are expanded for one notification. */
  readonly #data = new WeakMap<Notification, { readonly at: number; readonly value: GoStruct }>();

  constructor(files: readonly TemplateFile[], clock: Pick<Clock, 'now'>) {
    this.#set = new TemplateSet([DEFAULT_TEMPLATES, ...files], notificationFunctions(clock));
    this.#clock = clock;
  }

  /** Files that are no templates. */
  get problems(): readonly TemplateFileProblem[] {
    return this.#set.problems;
  }

  /** Throws a TemplateError when the text is no template. */
  check(text: string): void {
    this.#set.check(text);
  }

  text(template: string, notification: Notification): string {
    return this.#set.text(template, this.#dataOf(notification));
  }

  html(template: string, notification: Notification): string {
    return this.#set.html(template, this.#dataOf(notification));
  }

  #dataOf(notification: Notification): GoStruct {
    const at = this.#clock.now();
    const known = this.#data.get(notification);
    if (known !== undefined && Math.abs(at - known.at) < KEEP_DATA) return known.value;
    const value = templateData(notification, this.#clock);
    this.#data.set(notification, { at, value });
    return value;
  }
}
