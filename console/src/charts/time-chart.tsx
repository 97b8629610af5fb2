import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type uPlot from 'uplot';
import { formatDateTime } from '../app/format-time.ts';
import { useTimeRange } from '../app/time-range.ts';
import { ChartLegend } from './chart-legend.tsx';
import { formatValue, type Unit } from './format-value.ts';
import { type ChartSeries, plotOptions, stacked, type Threshold } from './plot-options.ts';
import { seriesColor } from './series-colors.ts';
import styles from './time-chart.module.css';
import { useDrawingLibrary } from './use-drawing-library.ts';
import { useInView } from './use-in-view.ts';

export interface TimeChartProps {
  /** What is drawn, for those who cannot see it. */
  readonly label: string;
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly unit?: Unit;
  /** Pixels, without the legend. Default: 180. */
  readonly height?: number;
  /** What the horizontal axis shows, in Unix seconds. Default: the shared time range. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly thresholds?: readonly Threshold[];
  /** Default: true. Otherwise the vertical axis fits the data. */
  readonly isFromZero?: boolean;
  /** The series on top of each other, as parts of a whole. */
  readonly isStacked?: boolean;
  /** Default: true. */
  readonly hasLegend?: boolean;
  /** Charts with the same key share a crosshair. Default: all of the page. */
  readonly syncKey?: string;
  /** What dragging chooses, in Unix seconds. Default: it becomes the shared time range. */
  readonly onZoom?: (start: number, end: number) => void;
  /** Stands in the chart when there are no series. Default: no data. */
  readonly emptyText?: string;
}

const NO_THRESHOLDS: readonly Threshold[] = [];
const TOOLTIP_LINES = 12;

interface Hover {
  readonly index: number;
  readonly left: number;
  readonly isRight: boolean;
  readonly focused: number | undefined;
}

/**
 * Series over time. Dragging zooms, a double click shows twice as much; a click in the legend hides the other series, with Ctrl only this one.
 * Nothing is drawn until the chart is in view.
 */
export function TimeChart({
  label,
  times,
  series,
  unit = '1',
  height = 180,
  range: ownRange,
  thresholds = NO_THRESHOLDS,
  isFromZero = true,
  isStacked = false,
  hasLegend = true,
  syncKey = 'page',
  onZoom,
  emptyText = 'No data in this time range',
}: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const isInView = useInView(place);
  const Plot = useDrawingLibrary();
  const isDark = useComputedColorScheme('light') === 'dark';
  const [sharedRange, setRange] = useTimeRange();
  const range = ownRange ?? sharedRange;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [hover, setHover] = useState<Hover>();
  const shown = useMemo(() => series.filter(({ label: one }) => !hidden.has(one)), [series, hidden]);
  const colorOf = useMemo(() => {
    const colors = new Map(series.map((one, index) => [one.label, one.color ?? seriesColor(index, isDark)]));
    for (const { label: one, like } of series) {
      const color = like === undefined ? undefined : colors.get(like);
      if (color !== undefined) colors.set(one, color);
    }
    return colors;
  }, [series, isDark]);
  const data = useMemo(() => {
    const values = shown.map((one) => one.values as (number | null)[]);
    return [times as number[], ...(isStacked ? stacked(values) : values)] as uPlot.AlignedData;
  }, [times, shown, isStacked]);

  const zoom = useRef<(start: number, end: number) => void>(() => {});
  zoom.current = onZoom ?? ((start, end) => setRange(String(Math.floor(start)), String(Math.ceil(end))));
  const latest = useRef({ data, range });
  latest.current = { data, range };

  // What makes another plot necessary; new data does not.
  const look = JSON.stringify([
    shown.map((one) => [one.label, colorOf.get(one.label), one.isFaint]),
    [unit, height, isDark, isFromZero, isStacked, syncKey, thresholds],
  ]);
  const latestShown = useRef(shown);
  latestShown.current = shown;
  const isWanted = isInView || plot.current !== undefined;

  useLayoutEffect(() => {
    const element = place.current;
    if (!isWanted || Plot === undefined || element === null) return;
    const [, [unitOf, heightOf, isDarkOf, isFromZeroOf, isStackedOf, syncKeyOf, thresholdsOf]] = JSON.parse(look);
    const current = latestShown.current;
    const options = plotOptions(current, {
      unit: unitOf,
      isDark: isDarkOf,
      isFromZero: isFromZeroOf,
      isStacked: isStackedOf,
      syncKey: syncKeyOf,
      thresholds: thresholdsOf,
      colors: (JSON.parse(look)[0] as [string, string][]).map(([, color]) => color),
    });
    let isHovered = false;
    const created = new Plot(
      {
        ...options,
        width: element.clientWidth,
        height: heightOf,
        scales: {
          ...options.scales,
          x: { time: true, range: () => [latest.current.range.start, latest.current.range.end] },
        },
        hooks: {
          ...options.hooks,
          setCursor: [
            ({ cursor, over }) => {
              const { idx, left = -1 } = cursor;
              if (!isHovered || idx === null || idx === undefined || left < 0) setHover(undefined);
              else
                setHover((before) => ({
                  index: idx,
                  left: over.offsetLeft + left,
                  isRight: left > over.clientWidth / 2,
                  focused: before?.focused,
                }));
            },
          ],
          setSeries: [
            (_plot, index) =>
              setHover((before) =>
                before === undefined ? before : { ...before, focused: index === null ? undefined : index - 1 },
              ),
          ],
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width < 4) return;
              const start = self.posToVal(left, 'x');
              const end = self.posToVal(left + width, 'x');
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              zoom.current(start, Math.max(end, start + 10));
            },
          ],
          ready: [
            ({ over }) => {
              over.addEventListener('mouseenter', () => {
                isHovered = true;
              });
              over.addEventListener('mouseleave', () => {
                isHovered = false;
                setHover(undefined);
              });
              over.addEventListener('dblclick', () => {
                const { start, end } = latest.current.range;
                zoom.current(start - (end - start) / 2, Math.min(end + (end - start) / 2, Date.now() / 1000));
              });
            },
          ],
        },
      },
      latest.current.data,
      element,
    );
    plot.current = created;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== created.width)
        created.setSize({ width: element.clientWidth, height: heightOf });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = undefined;
    };
  }, [isWanted, Plot, look]);

  useEffect(() => {
    void range.start;
    void range.end;
    if (isInView) plot.current?.setData(data);
  }, [isInView, data, range.start, range.end]);

  const summary = series.length === 1 ? `, now ${formatValue(lastOf(series[0]!), unit)}` : `, ${series.length} series`;
  return (
    <figure className={styles.figure} aria-label={label}>
      <div ref={place} className={styles.plot} style={{ height }} role="img" aria-label={label + summary}>
        {series.length === 0 && <div className={styles.message}>{emptyText}</div>}
      </div>
      {hover !== undefined && (
        <Tooltip hover={hover} time={times[hover.index]} series={shown} unit={unit} colorOf={colorOf} />
      )}
      {hasLegend && series.length > 0 && (
        <ChartLegend series={series} unit={unit} colorOf={colorOf} hidden={hidden} onHide={setHidden} />
      )}
    </figure>
  );
}

/** The newest value that a series has. */
export function lastOf({ values }: Pick<ChartSeries, 'values'>): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function Tooltip({
  hover,
  time,
  series,
  unit,
  colorOf,
}: {
  readonly hover: Hover;
  readonly time: number | undefined;
  readonly series: readonly ChartSeries[];
  readonly unit: Unit;
  readonly colorOf: ReadonlyMap<string, string>;
}) {
  if (time === undefined) return null;
  const lines = series
    .map((one, index) => ({
      label: one.label,
      value: one.values[hover.index] ?? null,
      isFocused: index === hover.focused,
    }))
    .filter(({ value }) => value !== null)
    .sort((a, b) => Number(b.isFocused) - Number(a.isFocused) || b.value! - a.value!);
  return (
    <div
      className={styles.tooltip}
      style={hover.isRight ? { right: `calc(100% - ${hover.left - 12}px)` } : { left: hover.left + 12 }}
    >
      <div>{formatDateTime(time)}</div>
      {lines.slice(0, TOOLTIP_LINES).map(({ label, value, isFocused }) => (
        <div key={label} className={styles.line}>
          <span className={styles.swatch} style={{ background: colorOf.get(label) }} />
          <span className={styles.name} style={{ fontWeight: isFocused ? 600 : 400 }}>
            {label}
          </span>
          <span className={styles.value}>{formatValue(value, unit)}</span>
        </div>
      ))}
      {lines.length > TOOLTIP_LINES && <div>and {lines.length - TOOLTIP_LINES} more</div>}
      {lines.length === 0 && <div>no value</div>}
    </div>
  );
}
