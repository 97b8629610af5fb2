/** A whole number, or a percentage of `total` rounded as said. */
export function rounded(value: number | string, total: number, direction: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const share = (Number.parseFloat(value) / 100) * total;
  return direction === 'up' ? Math.ceil(share - 1e-9) : Math.floor(share + 1e-9);
}
