import type { AlertInstance } from './alert-instance.ts';

/** An alert as Prometheus' API shows it. */
export interface AlertSnapshot {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAt: string;
  readonly keepFiringSince?: string;
  readonly value: string;
  /** Of a policy's alert: what its value is compared with, and the metric that it is of. */
  readonly threshold?: string;
  readonly metric?: string;
}

/** The alert as it is now; undefined of one that is over. */
export function alertSnapshot(
  alert: Pick<AlertInstance, 'labels' | 'annotations' | 'state' | 'activeAt' | 'value'> & {
    /** Milliseconds; 0, the default, for none. */
    readonly keepFiringSince?: number;
  },
): AlertSnapshot | undefined {
  const { labels, annotations, state, activeAt, keepFiringSince = 0, value } = alert;
  if (state === 'inactive') return undefined;
  return {
    labels: labels.toObject(),
    annotations: annotations.toObject(),
    state,
    activeAt: timeText(activeAt),
    ...(keepFiringSince > 0 && { keepFiringSince: timeText(keepFiringSince) }),
    value: valueText(value),
  };
}

/** RFC 3339; the year 1 for never, as Go writes it. */
export function timeText(milliseconds: number): string {
  return milliseconds === 0 ? '0001-01-01T00:00:00Z' : new Date(milliseconds).toISOString();
}

/** As Prometheus writes values. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
