/** Where an expansion failed, as Go says it. */
export interface FailedAt {
  /** What stands there. */
  readonly excerpt: string;
  /** Where Go says that it begins. */
  readonly offset: number;
  /** The template defined in the text, by its name, in which that is; '' for none. */
  readonly within: string;
}

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
  /** Where the expansion failed; undefined when it did not come to that. */
  readonly failedAt: FailedAt | undefined;

  constructor(
    reason: string,
    text: string,
    at: number | { readonly offset: number; readonly file: string | undefined; readonly failedAt?: FailedAt },
  ) {
    const { offset, file, failedAt } =
      typeof at === 'number' ? { offset: at, file: undefined, failedAt: undefined } : at;
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - (before.lastIndexOf('\n') + 1) + 1;
    super(`${file === undefined ? '' : `${file}:`}${line}:${column}: ${reason}`);
    this.reason = reason;
    this.failedAt = failedAt;
    this.line = line;
    this.column = column;
  }
}
