/** The limits of a job, by the names of its configuration. */
export type LimitName =
  | 'body_size_limit'
  | 'sample_limit'
  | 'label_limit'
  | 'label_name_length_limit'
  | 'label_value_length_limit'
  | 'target_limit';

/** A scrape that gave more than its job allows; nothing of it is stored. The message names what was given. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  readonly limit: LimitName;
  /** What the page had, where that is the matter. */
  readonly page: { readonly samples: number; readonly kept: number } | undefined;

  constructor(limit: LimitName, message: string, page?: { readonly samples: number; readonly kept: number }) {
    super(message);
    this.limit = limit;
    this.page = page;
  }
}
