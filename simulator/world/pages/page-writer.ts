/**
 * Writes pages in Prometheus' text format into one buffer that is used again and again, numbers as Go prints them. Text
 * must be ASCII.
 */
export class PageWriter {
  #buffer = Buffer.allocUnsafe(1 << 20);
  #at = 0;
  /** Digits of a number, the last one first. */
  readonly #digits = new Uint8Array(20);
  #lines = 0;

  /** Lines with a value since the last `take`. */
  get lines(): number {
    return this.#lines;
  }

  /** What was written since the last call, as a buffer of its own. */
  take(): Buffer {
    const page = Buffer.from(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
    this.#lines = 0;
    return page;
  }

  /** HELP and TYPE. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram' | 'summary', help: string): void {
    this.text(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }

  /** A line without a timestamp; `series` is the name with its labels. */
  sample(series: string, value: number): void {
    this.text(series);
    this.#buffer[this.#at++] = SPACE;
    this.number(value);
    this.endLine();
  }

  text(text: string): void {
    this.#reserve(text.length);
    this.#at += this.#buffer.write(text, this.#at, 'latin1');
  }

  bytes(bytes: Buffer, from = 0, to = bytes.length): void {
    this.#reserve(to - from);
    this.#at += bytes.copy(this.#buffer, this.#at, from, to);
  }

  space(): void {
    this.#buffer[this.#at++] = SPACE;
  }

  endLine(): void {
    this.#buffer[this.#at++] = LINE_FEED;
    this.#lines++;
  }

  /** Any number. */
  number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.decimal(value, 0);
    else this.text(goNumber(value));
  }

  /** `mantissa` / 10^`scale`; a whole number that is not negative. */
  decimal(mantissa: number, scale: number): void {
    this.#reserve(0);
    const buffer = this.#buffer;
    let at = this.#at;
    if (mantissa === 0) {
      buffer[at] = ZERO;
      this.#at = at + 1;
      return;
    }
    const digits = this.#digits;
    let count = 0;
    // In two halves, which both fit 32 bits: divisions of doubles are slow.
    let high = Math.floor(mantissa / 1e8);
    let low = (mantissa - high * 1e8) | 0;
    if (high > 0) {
      for (; count < 8; count++) {
        const next = (low / 10) | 0;
        digits[count] = ZERO + (low - next * 10);
        low = next;
      }
      low = high | 0;
      if (high > 0x7fffffff) {
        // Only beyond 2 * 10^17 would this be wrong.
        const middle = high % 1e4;
        high = Math.floor(high / 1e4);
        low = middle | 0;
        for (; count < 12; count++) {
          const next = (low / 10) | 0;
          digits[count] = ZERO + (low - next * 10);
          low = next;
        }
        low = high | 0;
      }
    }
    while (low > 0) {
      const next = (low / 10) | 0;
      digits[count++] = ZERO + (low - next * 10);
      low = next;
    }
    const exponent = count - 1 - scale;
    let last = 0;
    while (digits[last] === ZERO) last++;
    if (exponent >= 6 || exponent < -4) {
      buffer[at++] = digits[count - 1]!;
      if (last < count - 1) buffer[at++] = POINT;
      for (let i = count - 2; i >= last; i--) buffer[at++] = digits[i]!;
      buffer[at++] = E;
      buffer[at++] = exponent < 0 ? MINUS : PLUS;
      const size = Math.abs(exponent);
      buffer[at++] = ZERO + ((size / 10) | 0);
      buffer[at++] = ZERO + (size % 10);
    } else {
      if (exponent < 0) {
        buffer[at++] = ZERO;
        buffer[at++] = POINT;
        for (let i = -1; i > exponent; i--) buffer[at++] = ZERO;
        for (let i = count - 1; i >= last; i--) buffer[at++] = digits[i]!;
      } else {
        for (let i = count - 1; i >= Math.max(scale, 0); i--) buffer[at++] = digits[i]!;
        if (last < scale) {
          buffer[at++] = POINT;
          for (let i = scale - 1; i >= last; i--) buffer[at++] = digits[i]!;
        }
      }
    }
    this.#at = at;
  }

  /** Room for this and the longest number with its space and line's end. */
  #reserve(length: number): void {
    if (this.#at + length + 64 <= this.#buffer.length) return;
    const wider = Buffer.allocUnsafe(2 * (this.#buffer.length + length));
    this.#buffer.copy(wider, 0, 0, this.#at);
    this.#buffer = wider;
  }
}

/** As Go's strconv prints a float with the fewest digits. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const text = value.toExponential();
  const split = text.indexOf('e');
  const exponent = Number(text.slice(split + 1));
  if (exponent >= -4 && exponent < 6) return String(value);
  const size = Math.abs(exponent);
  return `${text.slice(0, split)}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

const [SPACE, LINE_FEED, ZERO, POINT, E, PLUS, MINUS] = [0x20, 0x0a, 0x30, 0x2e, 0x65, 0x2b, 0x2d];
