/** What decides a metric's suffix besides its unit. */
export type NamedKind = 'gauge' | 'counter' | 'other';

/** UCUM's units that Prometheus has words for; any other is taken as it is written. */
const UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{
      d: 'days',
      h: 'hours',
      min: 'minutes',
      s: 'seconds',
      ms: 'milliseconds',
      us: 'microseconds',
      ns: 'nanoseconds',
    },
    ...{ By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', TiBy: 'tibibytes' },
    ...{ KBy: 'kilobytes', MBy: 'megabytes', GBy: 'gigabytes', TBy: 'terabytes' },
    ...{ m: 'meters', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams' },
    ...{ Cel: 'celsius', Hz: 'hertz', '1': '', '%': 'percent' },
  }),
);
/** Of what stands below the line of a fraction. */
const PER_UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({ s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' }),
);

/**
 * The name that Prometheus gives to an OpenTelemetry metric by default (UnderscoreEscapingWithSuffixes): its words joined
 * by underscores, then its unit, then `total` for counters or `ratio` for gauges of unit 1. '' when nothing is left.
 *
 *     http.server.duration in s           http_server_duration_seconds
 *     system.network.io in By, a counter  system_network_io_bytes_total
 *     speed in m/s                        speed_meters_per_second
 */
export function metricName(name: string, unit: string, kind: NamedKind): string {
  let words = name.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== '');
  const [main, per] = unitWords(unit);
  const suffixes = [main, per === '' ? '' : `per_${per}`].filter((word) => word !== '' && !words.includes(word));
  words.push(...suffixes);
  if (kind === 'counter') words = [...words.filter((word) => word !== 'total'), 'total'];
  if (kind === 'gauge' && unit === '1') words = [...words.filter((word) => word !== 'ratio'), 'ratio'];
  const joined = words.join('_');
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/** A unit in Prometheus' words, such as `meters_per_second`. */
export function unitName(unit: string): string {
  const [main, per] = unitWords(unit);
  return per === '' ? main : `${main === '' ? '' : `${main}_`}per_${per}`;
}

/** The name of a label for an attribute: characters that no label has are underscores. */
export function labelName(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/gu, '_');
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name;
}

/** Annotations in braces, such as {request}, are no units. */
function unitWords(unit: string): [main: string, per: string] {
  const slash = unit.indexOf('/');
  const [above, below] = slash < 0 ? [unit, ''] : [unit.slice(0, slash), unit.slice(slash + 1)];
  const word = (text: string, words: ReadonlyMap<string, string>): string => {
    const trimmed = text.trim();
    return trimmed === '' || /[{}]/.test(trimmed) ? '' : cleaned(words.get(trimmed) ?? trimmed);
  };
  return [word(above, UNITS), word(below, PER_UNITS)];
}

function cleaned(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_|_$/g, '');
}
