/**
 * What a cache of results must know of the store: whether samples have come, or gone, at times that were thought to be
 * complete.
 */
export interface Changes {
  /**
   * A text that differs after such a change to one of these metrics; without names, to any metric. Asked before the
   * samples are read, it says from when on a result is good.
   */
  token(metrics: readonly string[] | undefined): string;
}
