/**
 * The label that a name in a URL means: names that begin with `U__` are decoded (`__` is an underscore, `_2e_` the
 * character with that hexadecimal code), all others, and those that are not well formed, are taken as they are.
 */
export function unescapeName(name: string): string {
  if (!name.startsWith('U__')) return name;
  const escaped = name.slice(3);
  if (!/^(?:[^_]|__|_[0-9a-fA-F]{1,6}_)*$/.test(escaped)) return name;
  let valid = true;
  const decoded = escaped.replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) => {
    if (hex === undefined) return '_';
    const code = Number.parseInt(hex, 16);
    valid &&= code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return valid ? String.fromCodePoint(code) : '';
  });
  return valid ? decoded : name;
}
