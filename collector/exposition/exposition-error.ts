/** A page of metrics that breaks the rules of its format. The message names the line and may be shown to users. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
  }
}
