import type { Action, RequestUser } from '../access-control.ts';

/** What an API server says to somebody who may not, in its words. */
export function forbiddenMessage({ name: user }: RequestUser, action: Action, reason: string): string {
  const why = reason === '' ? '' : `: ${reason}`;
  const who = `User ${JSON.stringify(user)} cannot ${action.verb}`;
  if ('path' in action) return `forbidden: ${who} path ${JSON.stringify(action.path)}${why}`;
  const { group, resource, subresource, namespace, name } = action;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const what = name === '' ? `${resource}.${group}` : `${resource}.${group} ${JSON.stringify(name)}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${what} is forbidden: ${who} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${where}${why}`;
}
