/**
 * A template that does not parse, or whose expansion failed. `line` and `column` count from 1 in the template's text, or in the
 * file that the message names.
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly line: number;
  readonly column: number;
  /** The message without the position in front. */
  readonly reason: string;

  constructor(
    reason: string,
    text: string,
    at: number | { readonly offset: number; readonly file: string | undefined },
  ) {
    const { offset, file } = typeof at === 'number' ? { offset: at, file: undefined } : at;
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - (before.lastIndexOf('\n') + 1) + 1;
    super(`${file === undefined ? '' : `${file}:`}${line}:${column}: ${reason}`);
    this.reason = reason;
    this.line = line;
    this.column = column;
  }
}
