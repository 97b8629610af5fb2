const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/** Alertmanager's name of a set of labels, by which the pages of alerts are called: FNV-1a over names and values in the order of names. */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = OFFSET;
  const take = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  const encoder = new TextEncoder();
  const names = Object.keys(labels).sort();
  for (const text of names.flatMap((name) => [name, labels[name]!])) {
    for (const byte of encoder.encode(text)) take(byte);
    take(0xff);
  }
  return hash.toString(16).padStart(16, '0');
}
