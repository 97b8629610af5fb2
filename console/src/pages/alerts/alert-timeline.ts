import { getJson } from '../../api/get-json.ts';
import { type AlertLabels, parseValue } from './current-alerts.ts';

/** A time in which an alert was in one state. Unix milliseconds. */
export interface LaneSpan {
  readonly from: number;
  /** Of one that is open, the end of what was asked for. */
  readonly to: number;
  readonly state: 'pending' | 'firing';
  readonly severity: string | undefined;
  /** At its beginning; NaN when it is not known. */
  readonly value: number;
  /** It had not ended by then. */
  readonly isOpen: boolean;
}

/** An alert over time; its severities are one. */
export interface TimelineAlert {
  readonly fingerprint: string;
  readonly labels: AlertLabels;
  /** How long it fired in that time. */
  readonly firingSeconds: number;
  readonly spans: readonly LaneSpan[];
}

/** A page of the alerts that were pending or fired in a time. Unix milliseconds. */
export interface AlertTimeline {
  readonly start: number;
  readonly end: number;
  readonly alerts: readonly TimelineAlert[];
  /** Of all pages. */
  readonly total: number;
  /** From when on all is told; undefined when that is the start. */
  readonly knownFrom: number | undefined;
}

interface Answer {
  readonly start: string;
  readonly end: string;
  readonly knownFrom?: string;
  readonly total: number;
  readonly alerts: readonly (Omit<TimelineAlert, 'spans'> & {
    readonly spans: readonly {
      readonly state: LaneSpan['state'];
      readonly severity: string;
      readonly from: string;
      readonly to: string | null;
      readonly value: string;
    }[];
  })[];
}

/** The alerts of a time in Unix seconds, by parameters of /api/v1/alerts/timeline; those that are '' are left out. */
export async function loadTimeline(
  range: { readonly start: number; readonly end: number },
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<AlertTimeline> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const params = new URLSearchParams([['start', String(range.start)], ['end', String(range.end)], ...given]);
  const answer = await getJson<Answer>(`/api/v1/alerts/timeline?${params}`, { signal });
  const end = Date.parse(answer.end);
  return {
    start: Date.parse(answer.start),
    end,
    total: answer.total,
    knownFrom: answer.knownFrom === undefined ? undefined : Date.parse(answer.knownFrom),
    alerts: answer.alerts.map(({ spans, ...alert }) => ({
      ...alert,
      spans: spans.map(({ state, severity, from, to, value }) => ({
        ...{ state, from: Date.parse(from), to: to === null ? end : Date.parse(to), isOpen: to === null },
        severity: severity === '' ? undefined : severity,
        value: parseValue(value),
      })),
    })),
  };
}
