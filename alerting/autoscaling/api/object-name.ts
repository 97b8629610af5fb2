import { badRequest } from './api-error.ts';

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const MAX_NAMESPACE = 63;
const MAX_NAME = 253;
/** Characters of what was given that a message repeats. */
const MAX_SHOWN = 100;

/** Throws a 400 for what cannot be a namespace's name. */
export function checkNamespace(name: string): void {
  if (name.length <= MAX_NAMESPACE && NAMESPACE.test(name)) return;
  throw badRequest(
    `a namespace must be at most ${MAX_NAMESPACE} lower case letters, digits and '-', beginning and ending with a letter or digit, got ${quoted(name)}`,
  );
}

/** Throws a 400 for what can be no object's name: Kubernetes allows everything in some of them but slashes and per cent signs. */
export function checkObjectName(name: string): void {
  if (name.length <= MAX_NAME && !/[/%]/.test(name)) return;
  throw badRequest(`an object's name must be at most ${MAX_NAME} characters, without '/' and '%', got ${quoted(name)}`);
}

/** Throws a 400 for what is too long for a metric's name; what else is in it, there may be somewhere. */
export function checkMetricName(name: string): void {
  if (name.length <= MAX_NAME) return;
  throw badRequest(`a metric's name must be at most ${MAX_NAME} characters, got ${quoted(name)}`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`);
}
