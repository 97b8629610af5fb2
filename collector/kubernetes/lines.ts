const NEWLINE = 0x0a;

/**
 * The lines of a stream of bytes, each as soon as it is complete, without its end; empty ones are left out. Nothing is
 * copied but a line that lies in several chunks. Throws for a line longer than `longest` bytes, and when the stream ends
 * inside of one.
 */
export async function* lines(stream: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      let line = chunk.subarray(from, end);
      from = end + 1;
      if (begun.length > 0) {
        begun.push(line);
        line = Buffer.concat(begun);
        begun = [];
        begunBytes = 0;
      }
      if (line.length > longest) throw new Error(`expected lines of at most ${longest} bytes, got a longer one`);
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) {
      begun.push(chunk.subarray(from));
      begunBytes += chunk.length - from;
      if (begunBytes > longest) throw new Error(`expected lines of at most ${longest} bytes, got a longer one`);
    }
  }
  if (begunBytes > 0) throw new Error('the stream ended inside of a line');
}
