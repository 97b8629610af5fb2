/** What Pharos asks for: the text format, with names in quotes if the target can, or anything. */
export const TEXT_ACCEPT =
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

/**
 * Checks that a page is in the text format. `fallback` is the job's `fallback_scrape_protocol`, which counts where the
 * header is missing or of an unknown type. Throws an Error that says what came instead.
 */
export function checkTextFormat(contentType: string, fallback: string | undefined): void {
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase();
  switch (mediaType) {
    case 'text/plain':
      return;
    case 'application/openmetrics-text':
    case 'application/vnd.google.protobuf':
      throw new Error(`the target answers in ${mediaType}, which is not supported; it was asked for text/plain`);
    default: {
      const given =
        contentType === ''
          ? 'no Content-Type'
          : `the unknown Content-Type ${JSON.stringify(contentType.slice(0, 100))}`;
      if (fallback === undefined) throw new Error(`the target sends ${given} and there is no fallback_scrape_protocol`);
      if (!fallback.startsWith('PrometheusText')) {
        throw new Error(`the target sends ${given} and the fallback_scrape_protocol ${fallback} is not supported`);
      }
    }
  }
}
