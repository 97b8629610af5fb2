/** A page of metrics as a target gave it. */
export interface ScrapedPage {
  /** Valid until `release`; without that method it is the caller's for good. The caller must not write to it. */
  readonly bytes: Uint8Array;
  /** The Content-Type header, which says in what format. '' when there was none. */
  readonly contentType: string;
  /** Says, once, that the bytes are not needed any more, so that their memory can serve the next page. */
  release?(): void;
}

/** Fetches the page of one target: over HTTP, or of the machine itself. One scrape runs at a time. */
export interface Scraper {
  /**
   * Rejects with an Error whose message may be shown to users, and with the signal's reason, soon, when it is aborted.
   */
  scrape(signal: AbortSignal): Promise<ScrapedPage>;
  /** Lets go of connections; no scrape is asked for afterwards. */
  close(): Promise<void>;
}
