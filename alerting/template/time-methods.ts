import { GoDuration, toNanoseconds } from './go-duration.ts';
import { GoTime } from './go-time.ts';
import { methodsOf } from './method.ts';
import { typeName, type Value, ValueError } from './value.ts';

/** In milliseconds; what Go's time.Time is when nothing was assigned to it. */
export const ZERO_TIME = Date.UTC(2000, 0, 1) - 63_082_281_600_000;

/** What templates may call on a time. */
export const TIME_METHODS = methodsOf<GoTime>({
  Format: [1, (time, [layout]) => time.format(text('Format', layout!))],
  String: [0, (time) => time.toString()],
  UTC: [0, (time) => new GoTime(time.ms)],
  // The server's own zone is nobody's who reads a notification.
  Local: [0, (time) => time],
  Unix: [0, (time) => BigInt(Math.floor(time.ms / 1000))],
  UnixMilli: [0, (time) => BigInt(Math.floor(time.ms))],
  UnixMicro: [0, (time) => BigInt(Math.floor(time.ms * 1000))],
  UnixNano: [0, (time) => BigInt(Math.floor(time.ms * 1000)) * 1000n],
  Year: [0, (time) => BigInt(time.year)],
  Month: [0, (time) => time.month],
  Day: [0, (time) => BigInt(time.day)],
  YearDay: [0, (time) => BigInt(time.yearDay)],
  Weekday: [0, (time) => time.weekday],
  Hour: [0, (time) => BigInt(time.hour)],
  Minute: [0, (time) => BigInt(time.minute)],
  Second: [0, (time) => BigInt(time.second)],
  IsZero: [0, (time) => time.ms === ZERO_TIME],
  Add: [1, (time, [duration]) => new GoTime(time.ms + Number(toNanoseconds(duration!)) / 1e6, time.zone)],
  Sub: [1, (time, [other]) => GoDuration.ofMilliseconds(time.ms - moment('Sub', other!).ms)],
  After: [1, (time, [other]) => time.ms > moment('After', other!).ms],
  Before: [1, (time, [other]) => time.ms < moment('Before', other!).ms],
  Equal: [1, (time, [other]) => time.ms === moment('Equal', other!).ms],
});

function text(method: string, value: Value): string {
  if (typeof value === 'string') return value;
  throw new ValueError(`wrong type of argument for ${method}: wanted string, got ${typeName(value)}`);
}

function moment(method: string, value: Value): GoTime {
  if (value instanceof GoTime) return value;
  throw new ValueError(`wrong type of argument for ${method}: wanted time.Time, got ${typeName(value)}`);
}
