/**
 * - `invalid`: the silence breaks a rule, or a limit
 * - `not_found`: there is no silence of that id
 * - `conflict`: others change the same silence again and again; try again
 * - `unavailable`: it could not be made durable; try again
 */
export type SilenceErrorKind = 'invalid' | 'not_found' | 'conflict' | 'unavailable';

/** Why silences stay as they were. The message is for whoever asked. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly kind: SilenceErrorKind;

  constructor(kind: SilenceErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
