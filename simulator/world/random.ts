/** A small seeded generator (mulberry32): the same seed gives the same numbers. Not for secrets. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number | string) {
    this.#seed = typeof seed === 'number' ? seed >>> 0 : hash32(seed);
    this.#state = this.#seed;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A whole number from low to high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }

  hex(length: number): string {
    let text = '';
    while (text.length < length) text += ((this.next() * 2 ** 32) >>> 0).toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** A uid of version 4. */
  uid(): string {
    const digits = this.hex(32);
    const variant = '89ab'[Number.parseInt(digits[16]!, 16) & 3]!;
    return [
      digits.slice(0, 8),
      digits.slice(8, 12),
      `4${digits.slice(13, 16)}`,
      variant + digits.slice(17, 20),
      digits.slice(20),
    ].join('-');
  }

  /** What Kubernetes puts behind generated names: letters and digits that make no words. */
  suffix(length: number): string {
    let text = '';
    while (text.length < length) text += this.pick(SAFE);
    return text;
  }

  /** A generator of its own, which does not depend on what has been drawn here. */
  fork(name: string): Random {
    return new Random(hash32(`${this.#seed}/${name}`));
  }
}

const SAFE = [...'bcdfghjklmnpqrstvwxz2456789'];

/** FNV-1a with a final mix, 32 bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
}

/** Spreads the bits of a number over 32 bits. */
export function mix32(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** In [0, 1), from a text: for properties that depend on a name alone. */
export function fraction(text: string): number {
  return hash32(text) / 2 ** 32;
}

/** The hash of a pod template as Kubernetes writes it: ten safe characters. */
export function safeHash(text: string): string {
  let number = hash32(text);
  let digits = '';
  for (let i = 0; i < 10; i++) {
    digits += SAFE[number % SAFE.length]!;
    number = mix32(number + i + 1);
  }
  return digits;
}

/** Smooth noise in [-1, 1] that changes over about `period`; a function of the seed and the time alone. */
export function noise(seed: number, time: number, period: number): number {
  const position = time / period;
  const knot = Math.floor(position);
  const x = position - knot;
  const at = (n: number) => (mix32(seed ^ mix32(n)) / 2 ** 32) * 2 - 1;
  const smooth = x * x * (3 - 2 * x);
  return at(knot) * (1 - smooth) + at(knot + 1) * smooth;
}
