import { type TimeZone, UTC } from './time-zone.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** The pieces of Go's reference time, longest first where one begins another. */
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|01|02|03|04|05|06|002|15|_2|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;

/** A moment, shown in UTC or another time zone, with the methods of Go's time.Time that templates use. */
export class GoTime {
  /** Milliseconds since 1970, possibly with a fraction. */
  readonly ms: number;
  readonly zone: TimeZone;
  readonly typeName = 'time.Time';
  readonly isTrue = true;

  constructor(ms: number, zone: TimeZone = UTC) {
    this.ms = ms;
    this.zone = zone;
  }

  /** The wall clock, in the fields that Date has for UTC. */
  get #wall(): Date {
    return new Date(Math.floor(this.ms) + this.#offset * 60_000);
  }

  /** Minutes east of Greenwich. */
  get #offset(): number {
    return this.zone.offset(this.ms);
  }

  /** Formats by Go's reference time, Mon Jan 2 15:04:05 MST 2006. */
  format(layout: string): string {
    const date = this.#wall;
    const nanos = Math.round((this.ms - Math.floor(this.ms / 1000) * 1000) * 1e6);
    const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill);
    const hour = date.getUTCHours();
    return layout.replace(LAYOUT, (piece) => {
      switch (piece) {
        case 'January':
          return MONTHS[date.getUTCMonth()]!;
        case 'Jan':
          return MONTHS[date.getUTCMonth()]!.slice(0, 3);
        case 'Monday':
          return DAYS[date.getUTCDay()]!;
        case 'Mon':
          return DAYS[date.getUTCDay()]!.slice(0, 3);
        case 'MST':
          return this.zone.abbreviation(this.ms);
        case '2006':
          return pad(date.getUTCFullYear(), 4);
        case '06':
          return pad(date.getUTCFullYear() % 100);
        case '-07:00':
          return offsetText(this.#offset, ':');
        case '-0700':
          return offsetText(this.#offset, '');
        case '-07':
          return offsetText(this.#offset, '').slice(0, 3);
        case 'Z07:00':
          return this.#offset === 0 ? 'Z' : offsetText(this.#offset, ':');
        case 'Z0700':
          return this.#offset === 0 ? 'Z' : offsetText(this.#offset, '');
        case '01':
          return pad(date.getUTCMonth() + 1);
        case '1':
          return String(date.getUTCMonth() + 1);
        case '02':
          return pad(date.getUTCDate());
        case '_2':
          return pad(date.getUTCDate(), 2, ' ');
        case '2':
          return String(date.getUTCDate());
        case '002':
          return pad(this.yearDay, 3);
        case '15':
          return pad(hour);
        case '03':
          return pad(hour % 12 || 12);
        case '3':
          return String(hour % 12 || 12);
        case 'PM':
          return hour < 12 ? 'AM' : 'PM';
        case 'pm':
          return hour < 12 ? 'am' : 'pm';
        case '04':
          return pad(date.getUTCMinutes());
        case '4':
          return String(date.getUTCMinutes());
        case '05':
          return pad(date.getUTCSeconds());
        case '5':
          return String(date.getUTCSeconds());
      }
      const digits = pad(nanos, 9).slice(0, piece.length - 1);
      if (piece[1] === '0') return piece[0]! + digits;
      const trimmed = digits.replace(/0+$/, '');
      return trimmed === '' ? '' : piece[0]! + trimmed;
    });
  }

  get year(): number {
    return this.#wall.getUTCFullYear();
  }

  get month(): string {
    return MONTHS[this.#wall.getUTCMonth()]!;
  }

  get day(): number {
    return this.#wall.getUTCDate();
  }

  get yearDay(): number {
    const date = this.#wall;
    return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
  }

  get weekday(): string {
    return DAYS[this.#wall.getUTCDay()]!;
  }

  get hour(): number {
    return this.#wall.getUTCHours();
  }

  get minute(): number {
    return this.#wall.getUTCMinutes();
  }

  get second(): number {
    return this.#wall.getUTCSeconds();
  }

  toString(): string {
    return this.format('2006-01-02 15:04:05.999999999 -0700 MST');
  }
}

function offsetText(minutes: number, colon: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${colon}${two(size % 60)}`;
}
