/**
 * Loaded before a server: its time of day is as far from the machine's as the file says that PHAROS_DATE_OFFSET_FILE names, in
 * milliseconds. Timers and the steady clock go on as always. Only what a program in JavaScript takes for the time is stepped.
 */
import { readFileSync } from 'node:fs';

const file = process.env.PHAROS_DATE_OFFSET_FILE;
if (file !== undefined) {
  const machine = Date;
  let offset = 0;
  const read = (): void => {
    offset = Number(readFileSync(file, 'utf8'));
  };
  read();
  setInterval(read, 100).unref();
  globalThis.Date = new Proxy(machine, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now() + offset] : args, newTarget),
    apply: (target) => new target(target.now() + offset).toString(),
    get: (target, key, receiver) => (key === 'now' ? () => target.now() + offset : Reflect.get(target, key, receiver)),
  });
}
