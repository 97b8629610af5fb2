import { getJson } from '../../api/get-json.ts';
import type { AlertLabels } from './current-alerts.ts';

/** As Alertmanager's API has it. */
export interface SilenceMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

/** Times are RFC 3339. */
export interface Silence {
  readonly id: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
  readonly matchers: readonly SilenceMatcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** Matchers of exactly one alert at any severity: all of its labels but that. */
export function matchersOf(labels: AlertLabels): readonly SilenceMatcher[] {
  return Object.entries(labels)
    .filter(([name, value]) => name !== 'severity' && value !== '')
    .map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
}

/** Matchers of all alerts of one policy, and of no rule or other policy of that name. */
export function policyMatchers({
  id,
  name,
}: {
  readonly id: string;
  readonly name: string;
}): readonly SilenceMatcher[] {
  return matchersOf({ alertname: name, policy: id });
}

/** `namespace="shop"`. */
export function matcherText({ name, value, isRegex, isEqual }: SilenceMatcher): string {
  return `${name}${isEqual ? (isRegex ? '=~' : '=') : isRegex ? '!~' : '!='}${JSON.stringify(value)}`;
}

/** All silences that are not forgotten, those that end next first. */
export function loadSilences(signal: AbortSignal): Promise<readonly Silence[]> {
  return getJson<readonly Silence[]>('/api/v2/silences', { signal });
}

interface SilenceRow extends Omit<Silence, 'status' | 'startsAt' | 'endsAt'> {
  readonly status: Silence['status']['state'];
  /** Unix milliseconds. */
  readonly startsAt: number;
  readonly endsAt: number;
}

/** The first of the silences in which all words of a filter are found, those that end next first, and how many these are. */
export async function loadSilencePage(
  { filter, limit }: { readonly filter: string; readonly limit: number },
  signal: AbortSignal,
): Promise<{ readonly silences: readonly Silence[]; readonly total: number }> {
  const query = new URLSearchParams({ filter, limit: String(limit) });
  const { items, total } = await getJson<{ readonly items: readonly SilenceRow[]; readonly total: number }>(
    `/api/v1/inventory/silences?${query}`,
    { signal },
  );
  const silences = items.map(({ status, startsAt, endsAt, ...silence }) => ({
    ...silence,
    status: { state: status },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
  }));
  return { silences, total };
}

/** Begins a silence now, for milliseconds. Gives its id. */
export async function createSilence({
  matchers,
  length,
  comment,
  createdBy,
}: {
  readonly matchers: readonly SilenceMatcher[];
  readonly length: number;
  readonly comment: string;
  readonly createdBy: string;
}): Promise<string> {
  const now = Date.now();
  const body = {
    matchers,
    comment,
    createdBy,
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + length).toISOString(),
  };
  const { silenceID } = await getJson<{ readonly silenceID: string }>('/api/v2/silences', { method: 'POST', body });
  return silenceID;
}

/** Ends a silence now. */
export async function expireSilence(id: string): Promise<void> {
  await getJson(`/api/v2/silence/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
