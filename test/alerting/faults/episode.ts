/** An alert that truly began and ended: each has an id of its own. Times are Unix milliseconds by the tool's own clock. */
export interface Episode {
  /** As `nameOf` makes it of an alert's labels. */
  readonly id: string;
  readonly from: number;
  /** Infinity while it lasts. */
  readonly to: number;
}

/** What an alert of a delivery is about: the rule or policy, and the series that it is of. */
export function nameOf(labels: Readonly<Record<string, string>>): string {
  return `${labels.alertname}/${labels.id ?? labels.node ?? ''}`;
}
