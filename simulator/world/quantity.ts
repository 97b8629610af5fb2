export type Quantity = string | number;
/** Amounts by resource: `cpu`, `memory`, `nvidia.com/gpu`, … */
export type Quantities = Readonly<Record<string, Quantity>>;

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number a quantity stands for: `500m` is 0.5. Undefined stays undefined; throws on what is no quantity. */
export function amount(quantity: Quantity): number;
export function amount(quantity: Quantity | undefined): number | undefined;
export function amount(quantity: Quantity | undefined): number | undefined {
  if (quantity === undefined || typeof quantity === 'number') return quantity;
  const [, number, suffix] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numk]|[KMGTPE]i?)?$/.exec(quantity) ?? [];
  const factor = SUFFIXES[suffix ?? ''];
  const value = Number(number);
  if (number === undefined || factor === undefined || Number.isNaN(value)) {
    throw new RangeError(`a quantity must look like 500m, 2 or 1Gi, got ${quantity}`);
  }
  // Thousandths are divided for, so that 300m is the 0.3 that is written.
  return factor < 1 ? value / Math.round(1 / factor) : value * factor;
}

/** Cores as Kubernetes writes them: `250m` or `2`. */
export function cores(value: number): string {
  const milli = Math.ceil(value * 1000 - 1e-6);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** Bytes in the largest binary unit that divides them. */
export function bytes(value: number): string {
  const whole = Math.round(value);
  for (const unit of ['Gi', 'Mi', 'Ki']) {
    if (whole !== 0 && whole % SUFFIXES[unit]! === 0) return `${whole / SUFFIXES[unit]!}${unit}`;
  }
  return String(whole);
}
