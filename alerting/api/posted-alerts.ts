import type { PostedAlert } from './alert-board.ts';
import { brokenRule, unreadableBody } from './alertmanager-error.ts';
import type { ApiRequest } from './endpoint.ts';
import { PostedFields, postedJson } from './posted-body.ts';

/** What a request to POST /alerts brings: the alerts that can be taken, and what is wrong with the others, in their order. */
export interface PostedAlerts {
  readonly alerts: readonly PostedAlert[];
  readonly problems: readonly string[];
}

/** An absolute one, or a path from the root. */
const URI = /^(?:\/|[a-zA-Z][a-zA-Z0-9+.-]*:)[^\x00-\x20\x7f]*$/;

/** Throws an AlertmanagerError for what the specification does not allow; then none of the alerts may be taken. */
export function postedAlerts(request: ApiRequest, now: number): PostedAlerts {
  const list = postedJson(request, 'alerts') ?? [];
  if (!Array.isArray(list)) throw unreadableBody('alerts', 'the alerts must be a list');
  const posted = list.map((item, i) => postedAlert(item, { place: `${i}.`, now }));
  const alerts: PostedAlert[] = [];
  const problems: string[] = [];
  for (const alert of posted) {
    const problem = problemOf(alert);
    if (problem === undefined) alerts.push(alert);
    else problems.push(problem);
  }
  return { alerts, problems };
}

function postedAlert(item: unknown, { place, now }: { readonly place: string; readonly now: number }): PostedAlert {
  const fields = new PostedFields(item, 'alerts', place);
  fields.require('labels');
  const endsAt = fields.time('endsAt');
  const generatorUrl = fields.string('generatorURL') ?? '';
  if (generatorUrl !== '' && !URI.test(generatorUrl)) {
    throw brokenRule(601, `${place}generatorURL in body must be of type uri: ${JSON.stringify(generatorUrl)}`);
  }
  const labels = Object.entries(fields.strings('labels')).filter(([, value]) => value !== '');
  return {
    labels: Object.fromEntries(labels),
    annotations: fields.strings('annotations'),
    startsAt: fields.time('startsAt') ?? endsAt ?? now,
    endsAt,
    generatorUrl,
  };
}

function problemOf({ labels, annotations, startsAt = 0, endsAt }: PostedAlert): string | undefined {
  if (endsAt !== undefined && endsAt < startsAt) return 'start time must be before end time';
  if (Object.keys(labels).length === 0) return 'at least one label pair required';
  const label = problemOfPairs(labels);
  if (label !== undefined) return `invalid label set: ${label}`;
  const annotation = problemOfPairs(annotations);
  return annotation === undefined ? undefined : `invalid annotations: ${annotation}`;
}

/** Names and values may be any text, but no name is empty. */
function problemOfPairs(pairs: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(pairs)) {
    if (name === '' || isBroken(name)) return `invalid name ${JSON.stringify(name)}`;
    if (isBroken(value)) return `invalid value ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** Half a character is no UTF-8. */
function isBroken(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
