import { getJson } from '../../api/get-json.ts';
import { type InstantSample, queryInstant } from '../../api/query-instant.ts';
import { selector } from '../../objects/selector.ts';

/** An alert that fires. */
export interface FiringAlert {
  /** Undefined where the role that tells of alerts is not at hand. */
  readonly fingerprint: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Unix milliseconds; undefined when it is not known. */
  readonly since: number | undefined;
  /** Silenced, inhibited or muted: nobody is told. */
  readonly isQuiet: boolean;
}

/** What fires, the worst first, and how many alerts are pending. */
export interface FiringAlerts {
  readonly firing: readonly FiringAlert[];
  readonly pending: number;
}

interface BoardAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly status: { readonly state: string };
}

/** The severities in use, the worst first. Others stand between warnings and notes. */
const SEVERITIES = ['critical', 'serious', 'page', 'error', 'warning', 'warn', 'remind', 'info', 'none'];

/**
 * The alerts of one cluster or, with undefined, all: as the alerting role tells them, or else, and at another time (Unix seconds), as they are
 * stored.
 */
export async function firingAlerts(
  cluster: string | undefined,
  { time, signal }: { readonly time?: number | undefined; readonly signal: AbortSignal },
): Promise<FiringAlerts> {
  const [stored, board] = await Promise.all([
    queryInstant(`ALERTS${selector({ cluster })}`, { time, signal }),
    time === undefined
      ? getJson<readonly BoardAlert[]>('/api/v2/alerts', { signal }).catch(() => undefined)
      : undefined,
  ]);
  const firing =
    board === undefined
      ? stored.filter(({ labels }) => labels.alertstate === 'firing').map(ofSample)
      : board.filter(({ labels }) => cluster === undefined || (labels.cluster ?? '') === cluster).map(ofBoard);
  return {
    firing: firing.toSorted(
      (a, b) =>
        Number(a.isQuiet) - Number(b.isQuiet) ||
        severityRank(a.labels.severity) - severityRank(b.labels.severity) ||
        (b.since ?? 0) - (a.since ?? 0),
    ),
    pending: stored.filter(({ labels }) => labels.alertstate === 'pending').length,
  };
}

/** Where a severity stands among others: the worst is the least. */
export function severityRank(severity = ''): number {
  const rank = SEVERITIES.indexOf(severity.toLowerCase());
  return rank === -1 ? SEVERITIES.indexOf('warning') + 0.5 : rank;
}

/** Whether somebody is to get up for it. */
export function isSerious(severity: string | undefined): boolean {
  return severityRank(severity) < SEVERITIES.indexOf('warning');
}

function ofSample({ labels }: InstantSample): FiringAlert {
  return { fingerprint: undefined, labels, summary: '', since: undefined, isQuiet: false };
}

function ofBoard({ fingerprint, labels, annotations, startsAt, status }: BoardAlert): FiringAlert {
  return {
    fingerprint,
    labels,
    summary: annotations.summary ?? annotations.message ?? annotations.description ?? '',
    since: Date.parse(startsAt),
    isQuiet: status.state === 'suppressed',
  };
}
