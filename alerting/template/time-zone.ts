import { ValueError } from './value.ts';

/** How a place's clocks are set. */
export interface TimeZone {
  readonly name: string;
  /** Minutes east of Greenwich at a time in milliseconds. */
  offset(ms: number): number;
  /** What the time is called: `CET`, `CST`, or digits where it has no name. */
  abbreviation(ms: number): string;
}

export const UTC: TimeZone = { name: 'UTC', offset: () => 0, abbreviation: () => 'UTC' };

/** Where the names of zones are those that people there use; other languages say GMT+1. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'en-CA'];

/** Names that no language of Intl has, of zones without summer time. */
const NAMES: Readonly<Record<string, string>> = {
  'Asia/Shanghai': 'CST',
  'Asia/Chongqing': 'CST',
  'Asia/Urumqi': '+06',
  'Asia/Taipei': 'CST',
  'Asia/Macau': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Tokyo': 'JST',
  'Asia/Seoul': 'KST',
  'Asia/Manila': 'PST',
  'Asia/Jakarta': 'WIB',
  'Asia/Karachi': 'PKT',
  'Europe/Moscow': 'MSK',
  'Africa/Nairobi': 'EAT',
  'Africa/Lagos': 'WAT',
};

const zones = new Map<string, TimeZone>([
  ['UTC', UTC],
  ['', UTC],
]);

/** A zone of the IANA database, `Europe/Paris`; `UTC` and '' are UTC. Throws a ValueError when there is none of that name. */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  // Intl takes offsets as well, which Go does not.
  if (!/^[A-Za-z]/.test(name)) throw new ValueError(`unknown time zone ${name}`);
  let offsets: Intl.DateTimeFormat;
  try {
    offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    throw new ValueError(`unknown time zone ${name}`);
  }
  const names = LOCALES.map((locale) => new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: 'short' }));
  const offset = (ms: number): number => minutes(namePart(offsets, ms));
  const zone: TimeZone = {
    name,
    offset,
    abbreviation(ms) {
      if (NAMES[name] !== undefined) return NAMES[name];
      const found = names.map((format) => namePart(format, ms)).find((text) => /^[A-Z]{2,5}$/.test(text));
      if (found !== undefined) return found;
      const size = Math.abs(offset(ms));
      const digits = String(Math.floor(size / 60)).padStart(2, '0') + (size % 60 === 0 ? '' : String(size % 60));
      return `${offset(ms) < 0 ? '-' : '+'}${digits}`;
    },
  };
  // The names are those of the database, so there are a few hundred at most.
  zones.set(name, zone);
  return zone;
}

function namePart(format: Intl.DateTimeFormat, ms: number): string {
  return format.formatToParts(new Date(ms)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** Of `GMT`, `GMT+05:30`. */
function minutes(text: string): number {
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::\d\d)?)?$/.exec(text);
  if (match?.[1] === undefined) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}
