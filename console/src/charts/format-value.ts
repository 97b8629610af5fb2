const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'];
const SMALL = ['', 'm', 'µ', 'n'];
const DURATIONS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
] as const;

/** The units of the k8s_* catalogue (docs/k8s-metrics.md) and those of Pharos' own metrics. Another one is put behind a plain number. */
export type Unit =
  | 'cores'
  | 'bytes'
  | 'bytes/s'
  | '%'
  | 'operations/s'
  | 'packets/s'
  | 'samples/s'
  | '1'
  | '1/100 GPU'
  | 's'
  | (string & {});

/**
 * A value for people, with three digits that count: `1.5 GiB`, `83.2 %`, `12.4 k/s`. Cores are written as kubectl does, `250m` and `1.25`, and
 * seconds as durations; `–` is no value.
 */
export function formatValue(value: number | null | undefined, unit: Unit = '1'): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value < 0) return `−${formatValue(-value, unit)}`;
  switch (unit) {
    case 'cores':
      return value < 0.9995 && value !== 0 ? `${digits(value * 1000)}m` : digits(value);
    case 'bytes':
      return scaled(value, 1024, BINARY).join(' ');
    case 'bytes/s':
      return `${scaled(value, 1024, BINARY).join(' ')}/s`;
    case '%':
      return `${digits(value)} %`;
    case '1/100 GPU':
      return `${digits(value / 100)} GPU`;
    case 's':
      return duration(value);
    case '1':
    case '':
      return plain(value);
    default:
      return unit.endsWith('/s') ? `${plain(value)}/s` : `${plain(value)} ${unit}`;
  }
}

function plain(value: number): string {
  if (value !== 0 && value < 1e-3) {
    const power = Math.min(SMALL.length - 1, Math.ceil(-Math.log10(value) / 3));
    return value * 1000 ** power < 1e-3 ? value.toExponential(2) : `${digits(value * 1000 ** power)} ${SMALL[power]}`;
  }
  if (value < 10_000 && Number.isInteger(value)) return String(value);
  const [number, prefix] = scaled(value, 1000, DECIMAL);
  return prefix === '' ? number : `${number} ${prefix}`;
}

function scaled(value: number, base: number, names: readonly string[]): [string, string] {
  let rest = value;
  let power = 0;
  // What would be written as the whole base is one of the next.
  while (Number(digits(rest)) >= base && power < names.length - 1) {
    rest /= base;
    power++;
  }
  return [digits(rest), names[power]!];
}

function duration(value: number): string {
  if (value === 0) return '0 s';
  const [size, name] = DURATIONS.find(([one]) => Number(digits(value / one)) >= 1) ?? [1e-9, 'ns'];
  return `${digits(value / size)} ${name}`;
}

/** Three digits that count, none behind the point that are zero; never an exponent. */
function digits(value: number): string {
  if (value >= 100) return String(Math.round(value));
  if (value < 1e-3) return value === 0 ? '0' : String(Number(value.toPrecision(1)));
  return String(Number(value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3)));
}
