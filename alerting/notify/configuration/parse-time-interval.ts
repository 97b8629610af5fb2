import type { Place, YamlReader } from '../../yaml-reader.ts';
import { isLocation, type Range, type TimeInterval } from './time-interval.ts';

const KEYS = ['times', 'weekdays', 'days_of_month', 'months', 'years', 'location'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];
/** The shortest month has as many: what is in order there is so in every month. */
const SHORTEST_MONTH = 28;

interface Notation {
  /** The number of one end; undefined when it is none. */
  readonly read: (text: string) => number | undefined;
  readonly wanted: string;
  /** What is wrong with the range; undefined when nothing is. */
  readonly fault: (range: Range) => string | undefined;
}

const inOrder = ({ begin, end }: Range): string | undefined =>
  begin > end ? 'expected a beginning that is not after the end' : undefined;
const integer = (text: string): number | undefined => (/^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined);
const indexIn =
  (names: readonly string[]) =>
  (text: string): number | undefined => {
    const index = names.indexOf(text);
    return index < 0 ? undefined : index;
  };

const NOTATIONS = {
  weekdays: {
    read: indexIn(WEEKDAYS),
    wanted: 'a weekday such as monday or a range such as monday:friday',
    fault: inOrder,
  },
  days_of_month: {
    read: integer,
    wanted: 'a day such as 1 or -1 or a range such as 1:5 or -3:-1',
    fault: daysFault,
  },
  months: {
    read: (text) => {
      const named = MONTHS.indexOf(text);
      return named < 0 ? integer(text) : named + 1;
    },
    wanted: 'a month such as january or 1 or a range such as january:march',
    fault: (range) => (range.begin < 1 || range.end > 12 ? 'expected months from 1 to 12' : inOrder(range)),
  },
  years: { read: integer, wanted: 'a year such as 2026 or a range such as 2026:2027', fault: inOrder },
} as const satisfies Record<string, Notation>;

/** One item of `time_intervals` of a named time interval. What is wrong is reported. */
export function parseTimeInterval(place: Place, yaml: YamlReader): TimeInterval {
  const keys = yaml.map(place, KEYS);
  const ranges = (key: keyof typeof NOTATIONS): readonly Range[] | undefined => {
    const list = keys.get(key);
    if (list === undefined || list.node === null) return undefined;
    return yaml.list(list).flatMap((item) => parseRange(item, NOTATIONS[key], yaml) ?? []);
  };
  const times = keys.get('times');
  return {
    times:
      times === undefined || times.node === null
        ? undefined
        : yaml.list(times).flatMap((item) => parseTimes(item, yaml) ?? []),
    weekdays: ranges('weekdays'),
    daysOfMonth: ranges('days_of_month'),
    months: ranges('months'),
    years: ranges('years'),
    location: parseLocation(keys.get('location'), yaml),
  };
}

function parseRange(place: Place, notation: Notation, yaml: YamlReader): Range | undefined {
  const text = yaml.text(place);
  if (text === undefined) return undefined;
  const ends = text.toLowerCase().split(':').map(notation.read);
  const [begin, end = begin] = ends;
  if (ends.length > 2 || ends.includes(undefined) || begin === undefined || end === undefined) {
    yaml.report(place, `expected ${notation.wanted}, got ${JSON.stringify(text)}`);
    return undefined;
  }
  const fault = notation.fault({ begin, end });
  if (fault !== undefined) yaml.report(place, `${fault}, got ${JSON.stringify(text)}`);
  return fault === undefined ? { begin, end } : undefined;
}

function daysFault({ begin, end }: Range): string | undefined {
  const isDay = (day: number): boolean => day !== 0 && day >= -31 && day <= 31;
  if (!isDay(begin) || !isDay(end)) return 'expected days from 1 to 31 or from -31 to -1';
  if (begin < 0 && end > 0) return 'expected a negative end after a negative beginning';
  const placed = (day: number): number => (day < 0 ? SHORTEST_MONTH + day : day);
  return inOrder({ begin: placed(begin), end: placed(end) });
}

function parseTimes(place: Place, yaml: YamlReader): Range | undefined {
  const keys = yaml.map(place, ['start_time', 'end_time']);
  const begin = parseTime(keys.get('start_time') ?? { ...place, node: null }, yaml);
  const end = parseTime(keys.get('end_time') ?? { ...place, node: null }, yaml);
  if (begin === undefined || end === undefined) return undefined;
  if (begin >= end) {
    yaml.report(place, 'expected a start_time before the end_time');
    return undefined;
  }
  return { begin, end };
}

/** HH:MM in minutes. */
function parseTime(place: Place, yaml: YamlReader): number | undefined {
  const text = yaml.text(place);
  if (text === undefined) return undefined;
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text);
  if (match === null) {
    yaml.report(
      place,
      `expected start_time and end_time as HH:MM from 00:00 to 24:00 in quotes, got ${JSON.stringify(text)}`,
    );
    return undefined;
  }
  return match[1] === undefined ? 24 * 60 : Number(match[1]) * 60 + Number(match[2]);
}

function parseLocation(place: Place | undefined, yaml: YamlReader): string {
  const text = place === undefined ? '' : yaml.text(place);
  if (text === undefined || text === '' || text === 'UTC') return 'UTC';
  if (!isLocation(text)) {
    yaml.report(place!, `expected a time zone such as Europe/Paris, UTC or Local, got ${JSON.stringify(text)}`);
  }
  return text;
}
