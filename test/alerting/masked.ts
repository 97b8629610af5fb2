const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC| \+0000 UTC)?/g;

/** Text with the ids of silences numbered in the order in which they come, and without times and the server's address. */
export class Masked {
  readonly #numbers = new Map<string, string>();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The n-th id, from 1. */
  id(number: number): string {
    const found = [...this.#numbers].find(([, name]) => name === `id-${number}`);
    if (found === undefined) throw new Error(`there are ${this.#numbers.size} ids, ${number} was asked for`);
    return found[0];
  }

  text(text: string): string {
    return text
      .replaceAll(this.#url, 'URL')
      .replaceAll(this.#url.replace('http://', ''), 'ADDRESS')
      .replace(UUID, (id) => {
        if (id.startsWith('00000000-')) return id;
        if (!this.#numbers.has(id)) this.#numbers.set(id, `id-${this.#numbers.size + 1}`);
        return this.#numbers.get(id)!;
      })
      .replace(TIME, (time) => (time.startsWith('0001') ? time : 'TIME'));
  }
}
