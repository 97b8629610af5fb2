/** A page of metrics as a target gave it. */
export interface ScrapedPage {
  readonly bytes: Uint8Array;
  /** The Content-Type header, which says in what format. '' when there was none. */
  readonly contentType: string;
}

/** Fetches the page of one target: over HTTP, or of the machine itself. One scrape runs at a time. */
export interface Scraper {
  /** Rejects with an Error whose message may be shown to users, and with the signal's reason when it is aborted. */
  scrape(signal: AbortSignal): Promise<ScrapedPage>;
  /** Lets go of connections; no scrape is asked for afterwards. */
  close(): Promise<void>;
}
