import type { ContainerFacts, PodFacts } from './pod-facts.ts';
import { WAITS } from './reasons.ts';

/** How a pod is, in a word, and why, in sentences for people. */
export interface Diagnosis {
  /** As `kubectl get pods` would say: `Running`, `CrashLoopBackOff`, `Init:Error`, … */
  readonly status: string;
  readonly tone: 'good' | 'busy' | 'warning' | 'bad' | 'unknown';
  /** Empty when there is nothing to explain. */
  readonly reasons: readonly string[];
}

const STILL_STARTING = new Set(['ContainerCreating', 'PodInitializing']);

/** Says of a pod how it is and why. */
export function diagnose(pod: PodFacts): Diagnosis {
  const reasons = pod.containers.flatMap(explain);
  if (pod.reason !== undefined)
    return { status: pod.reason, tone: 'bad', reasons: [`The pod was ended: ${pod.reason}.`, ...reasons] };
  if (pod.isBeingDeleted) return { status: 'Terminating', tone: 'busy', reasons };
  if (pod.phase === 'Succeeded') return { status: 'Completed', tone: 'unknown', reasons: [] };
  const initializing = pod.containers.find(
    ({ isInit, state, reason }) =>
      isInit && reason !== undefined && reason !== 'Completed' && (state === 'waiting' || state === 'terminated'),
  );
  if (initializing !== undefined) return told(`Init:${initializing.reason}`, initializing.reason!, reasons);
  const ailing = pod.containers.find(
    ({ isInit, state, reason }) => !isInit && state === 'waiting' && reason !== undefined,
  );
  if (ailing !== undefined) return told(ailing.reason!, ailing.reason!, reasons);
  const ended = pod.containers.find(
    ({ isInit, state, reason }) => !isInit && state === 'terminated' && reason !== 'Completed',
  );
  if (ended !== undefined) return { status: ended.reason ?? 'Error', tone: 'bad', reasons };
  if (pod.phase === 'Failed') return { status: 'Failed', tone: 'bad', reasons };
  if (pod.phase === 'Pending') {
    const why =
      pod.isUnschedulable || pod.node === undefined
        ? 'No node has taken it: the events say what the scheduler lacks.'
        : 'Its node has taken it, and its containers have not started.';
    return { status: 'Pending', tone: 'busy', reasons: [why, ...reasons] };
  }
  if (pod.phase === 'Unknown')
    return { status: 'Unknown', tone: 'bad', reasons: ['Nothing is heard from its node.', ...reasons] };
  if (pod.isReady === false) {
    const unready = pod.containers.filter(({ isReady, isInit }) => isReady === false && !isInit);
    return { status: 'Not ready', tone: 'bad', reasons: [whyUnready(unready), ...reasons] };
  }
  if (pod.phase === undefined) return { status: 'Unknown', tone: 'unknown', reasons };
  const isCalm = pod.containers.every(({ restartsLately }) => restartsLately === 0);
  return { status: pod.phase, tone: isCalm ? 'good' : 'warning', reasons };
}

/** What an exit code means: `137 (killed, SIGKILL)`. */
export function exitCodeText(code: number): string {
  const meaning = EXIT_CODES[code] ?? (code > 128 && code < 160 ? `killed by signal ${code - 128}` : undefined);
  return meaning === undefined ? String(code) : `${code} (${meaning})`;
}

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'it ended by itself, without an error',
  126: 'the command could not be executed',
  127: 'the command was not found',
  130: 'interrupted, SIGINT',
  134: 'aborted, SIGABRT',
  137: 'killed, SIGKILL',
  139: 'segmentation fault, SIGSEGV',
  143: 'asked to end, SIGTERM',
};

function whyUnready(unready: readonly ContainerFacts[]): string {
  if (unready.length === 0)
    return 'It runs and is not ready, though its containers are: its node may be lost, or a readiness gate is closed.';
  // Between two crashes nobody can say whether it would get ready.
  const isAgain = unready.some(({ restartsLately }) => restartsLately > 1);
  const [is, does] = unready.length === 1 ? ['is', 'does'] : ['are', 'do'];
  return isAgain
    ? `It runs for now and gets no traffic: ${list(unready)} ${is} not ready since the last restart.`
    : `It runs and gets no traffic: ${list(unready)} ${does} not pass the readiness probe.`;
}

function told(status: string, reason: string, reasons: readonly string[]): Diagnosis {
  return { status, tone: STILL_STARTING.has(reason) ? 'busy' : 'bad', reasons };
}

function explain(container: ContainerFacts): readonly string[] {
  const who = `${container.isInit ? 'Init container' : 'Container'} ${container.name}`;
  const present = presentOf(container);
  const past = pastOf(container);
  if (present === undefined) return past === undefined ? [] : [`${who} ${past}.`];
  return [past === undefined ? `${who} ${present}.` : `${who} ${present}. It ${past}.`];
}

/** What it waits for or how it has ended; undefined while it runs. */
function presentOf({ state, reason }: ContainerFacts): string | undefined {
  if (reason === undefined || reason === 'Completed') return undefined;
  if (state === 'terminated') return `has ended: ${reason}`;
  if (STILL_STARTING.has(reason)) return WAITS[reason];
  return `${WAITS[reason] ?? 'waits'} (${reason})`;
}

/** How it ended before, if that matters: it does not run well now, or memory ran out. */
function pastOf(container: ContainerFacts): string | undefined {
  const { state, isReady, restarts, restartsLately, lastReason, lastExitCode } = container;
  if (lastReason === undefined && lastExitCode === undefined) return undefined;
  const isWell = state === 'running' && isReady !== false && restartsLately === 0;
  if (isWell && lastReason !== 'OOMKilled') return undefined;
  const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
  const lately = restartsLately > 0 ? `${times(restartsLately)} in the last half hour` : '';
  const often =
    restartsLately >= restarts && lately !== '' ? lately : [times(restarts), lately].filter(Boolean).join(', ');
  const code = lastExitCode === undefined ? [] : [`exit code ${exitCodeText(lastExitCode)}`];
  const after =
    lastReason === 'OOMKilled'
      ? `it needed more memory than its limit (${['OOMKilled', ...code].join(', ').replace(/ \((.*)\)$/, ': $1')})`
      : [...(lastReason === undefined ? [] : [lastReason]), ...code].join(', ');
  return `has been restarted ${often}, the last time after ${after}`;
}

function list(containers: readonly ContainerFacts[]): string {
  return containers.map(({ name }) => name).join(', ');
}
