export interface SimulatedClockOptions {
  /** Unix milliseconds at which the simulation begins. */
  readonly start: number;
  /** Simulated per real time once `run` was called. */
  readonly speed: number;
}

/**
 * The simulated time and what is to happen at it. Stands still until `run` lets it follow the real time; `advance` moves it
 * by hand in both cases. Tasks run in the order of their times, those of one time in the order in which they were set, and
 * while one runs `now()` is the time it was set for: so a simulation repeats however it is driven.
 */
export class SimulatedClock {
  readonly #speed: number;
  readonly #tasks: Task[] = [];
  /** Everything before this has happened. */
  #time: number;
  #sequence = 0;
  #working = false;
  /** The real and the simulated time of one moment; undefined while the time stands still. */
  #anchor: { readonly real: number; readonly simulated: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ start, speed }: SimulatedClockOptions) {
    if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed must be a positive number, got ${speed}`);
    this.#time = start;
    this.#speed = speed;
  }

  /** Unix milliseconds, a whole number. */
  now(): number {
    if (this.#working || this.#anchor === undefined) return this.#time;
    const { real, simulated } = this.#anchor;
    return Math.max(this.#time, simulated + Math.floor((Date.now() - real) * this.#speed));
  }

  /** Runs `task` at a time, or as soon as possible if that is over. The answer takes it back. */
  at(time: number, task: () => void): () => void {
    const entry: Task = { time: Math.ceil(time), sequence: this.#sequence++, task };
    this.#push(entry);
    return () => {
      entry.task = undefined;
    };
  }

  after(delay: number, task: () => void): () => void {
    return this.at(this.now() + delay, task);
  }

  /** Runs `task` at every multiple of the interval, moved by `phase`, from now on. The answer ends it. */
  every(interval: number, task: () => void, phase = 0): () => void {
    let ended = false;
    const next = () => {
      if (ended) return;
      const time = Math.floor((this.now() - phase) / interval + 1) * interval + phase;
      this.at(time, () => {
        if (ended) return;
        task();
        next();
      });
    };
    next();
    return () => {
      ended = true;
    };
  }

  /** Moves the time forward by hand; all that is due on the way has happened when this returns. */
  advance(milliseconds: number): void {
    const until = this.now() + milliseconds;
    this.#workUntil(until, Number.POSITIVE_INFINITY);
    if (this.#anchor !== undefined) this.#anchor = { real: Date.now(), simulated: until };
  }

  /** Does what is due by now; a page that is asked for shows the present. */
  catchUp(): void {
    if (!this.#working) this.#workUntil(this.now(), Number.POSITIVE_INFINITY);
  }

  /** Lets the time follow the real one, until `stop`. */
  run(): void {
    if (this.#anchor !== undefined) return;
    this.#anchor = { real: Date.now(), simulated: this.#time };
    const step = () => {
      // Work for a while, then let others have the thread: requests are answered between the steps.
      const done = this.#workUntil(this.now(), Date.now() + WORK_MS);
      this.#timer = setTimeout(step, done ? STEP_MS : 0);
    };
    this.#timer = setTimeout(step, STEP_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#time = this.now();
    this.#anchor = undefined;
  }

  /** False when real time `deadline` came before everything was done. */
  #workUntil(until: number, deadline: number): boolean {
    if (this.#working) throw new Error('the clock must not be moved by what it runs');
    this.#working = true;
    try {
      let steps = 0;
      while (this.#tasks.length > 0 && this.#tasks[0]!.time <= until) {
        const { time, task } = this.#pop();
        if (task === undefined) continue;
        this.#time = Math.max(this.#time, time);
        task();
        if ((++steps & 63) === 0 && Date.now() > deadline) return false;
      }
      this.#time = Math.max(this.#time, until);
      return true;
    } finally {
      this.#working = false;
    }
  }

  #push(entry: Task): void {
    const tasks = this.#tasks;
    let at = tasks.length;
    tasks.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, tasks[parent]!)) break;
      tasks[at] = tasks[parent]!;
      at = parent;
    }
    tasks[at] = entry;
  }

  #pop(): Task {
    const tasks = this.#tasks;
    const first = tasks[0]!;
    const last = tasks.pop()!;
    if (tasks.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= tasks.length) break;
      if (child + 1 < tasks.length && before(tasks[child + 1]!, tasks[child]!)) child++;
      if (!before(tasks[child]!, last)) break;
      tasks[at] = tasks[child]!;
      at = child;
    }
    tasks[at] = last;
    return first;
  }
}

interface Task {
  readonly time: number;
  readonly sequence: number;
  /** Undefined when it was taken back. */
  task: (() => void) | undefined;
}

function before(a: Task, b: Task): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/** Real milliseconds between two looks at what is due, and how long one may take. */
const STEP_MS = 50;
const WORK_MS = 40;
