/** Text that is HTML already, by the word of the template's author: it is not escaped again. */
export class GoHtml {
  readonly text: string;
  readonly typeName = 'template.HTML';

  constructor(text: string) {
    this.text = text;
  }

  get isTrue(): boolean {
    return this.text !== '';
  }

  toString(): string {
    return this.text;
  }
}
