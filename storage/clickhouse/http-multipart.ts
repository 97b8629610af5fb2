import { HttpException } from './http-exception.ts';

/** The boundary of a `multipart/form-data` content type; undefined for any other content type. */
export function multipartBoundary(contentType: string | undefined): string | undefined {
  const match = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? '');
  return match?.[1] ?? match?.[2];
}

/**
 * The fields of a form: the way clients send a query whose parameters are too long for an address. Throws an
 * HttpException when the body is no form, and for files (ClickHouse's external tables).
 */
export function parseMultipart(body: Buffer, boundary: string): Map<string, string> {
  const fields = new Map<string, string>();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line end before it.
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  let position = text.indexOf(delimiter);
  for (;;) {
    if (position < 0) throw new HttpException('BAD_ARGUMENTS', 'The multipart body has no end');
    const start = position + delimiter.length;
    if (text.subarray(start, start + 2).toString('latin1') === '--') return fields;
    const headerEnd = text.indexOf('\r\n\r\n', start);
    position = text.indexOf(delimiter, start);
    if (headerEnd < 0 || position < headerEnd)
      throw new HttpException('BAD_ARGUMENTS', 'A part of the multipart body has no header');
    const head = text.subarray(start, headerEnd).toString();
    const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) throw new HttpException('BAD_ARGUMENTS', 'A part of the multipart body has no name');
    if (/;\s*filename=/i.test(head)) throw new HttpException('NOT_IMPLEMENTED', 'External tables are not supported');
    fields.set(name, text.subarray(headerEnd + 4, position).toString());
  }
}
