import { formatValue, type Unit } from './format-value.ts';
import type { ChartSeries } from './plot-options.ts';
import styles from './time-chart.module.css';

const MOST = 60;

/** The series of a chart with their newest values. A click shows one alone, or all again; with Ctrl it hides or shows just that one. */
export function ChartLegend({
  series,
  unit,
  colorOf,
  hidden,
  onHide,
}: {
  readonly series: readonly ChartSeries[];
  readonly unit: Unit;
  readonly colorOf: ReadonlyMap<string, string>;
  readonly hidden: ReadonlySet<string>;
  readonly onHide: (hidden: ReadonlySet<string>) => void;
}) {
  const labels = series.map(({ label }) => label);
  const choose = (label: string, isOnlyThis: boolean): void => {
    if (isOnlyThis) {
      const after = new Set(hidden);
      if (!after.delete(label)) after.add(label);
      onHide(after);
      return;
    }
    const isAlone = !hidden.has(label) && labels.every((one) => one === label || hidden.has(one));
    onHide(isAlone ? new Set() : new Set(labels.filter((one) => one !== label)));
  };
  return (
    <ul className={styles.legend}>
      {series.slice(0, MOST).map(({ label, values }) => (
        <li key={label}>
          <button
            type="button"
            className={styles.entry}
            aria-pressed={!hidden.has(label)}
            title={label}
            onClick={(event) => choose(label, event.ctrlKey || event.metaKey)}
          >
            <span className={styles.swatch} style={{ background: colorOf.get(label) }} />
            <span className={styles.name}>{label}</span>
            <span className={styles.value}>
              {formatValue(
                values.findLast((value) => value !== null),
                unit,
              )}
            </span>
          </button>
        </li>
      ))}
      {series.length > MOST && <li className={styles.entry}>and {series.length - MOST} more</li>}
    </ul>
  );
}
