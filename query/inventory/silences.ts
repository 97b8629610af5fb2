interface SilenceMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

/** A silence as Alertmanager's API shows it: times are RFC 3339. */
export interface KnownSilence {
  readonly id: string;
  readonly status: { readonly state: string };
  readonly matchers: readonly SilenceMatcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** A silence of the list. Times are milliseconds since 1970. */
export interface SilenceRow {
  readonly id: string;
  /** active, pending or expired. */
  readonly status: string;
  readonly matchers: readonly SilenceMatcher[];
  /** The matchers as PromQL writes them: `{namespace="shop"}`. */
  readonly selector: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly updatedAt: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** The silences as rows, in the order in which they come. */
export function silenceRows(silences: readonly KnownSilence[]): readonly SilenceRow[] {
  return silences.map(({ id, status, matchers, createdBy, comment, ...times }) => ({
    id,
    status: status.state,
    matchers,
    selector: `{${matchers.map(matcherText).join(',')}}`,
    startsAt: Date.parse(times.startsAt),
    endsAt: Date.parse(times.endsAt),
    updatedAt: Date.parse(times.updatedAt),
    createdBy,
    comment,
  }));
}

function matcherText({ name, value, isRegex, isEqual }: SilenceMatcher): string {
  return `${name}${isEqual ? (isRegex ? '=~' : '=') : isRegex ? '!~' : '!='}${JSON.stringify(value)}`;
}
