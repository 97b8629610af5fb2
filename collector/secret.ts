import { inspect } from 'node:util';

/**
 * A string that does not show itself: printing, logging or serialising it gives `<secret>`. Only `reveal()` gives the
 * value, and what it gives must not reach a log, an error or a URL.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '<secret>';
  }

  toJSON(): string {
    return '<secret>';
  }

  [inspect.custom](): string {
    return '<secret>';
  }
}
