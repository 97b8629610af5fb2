import type uPlot from 'uplot';
import { formatTicks } from './format-tick.ts';
import { formatValue, type Unit } from './format-value.ts';

/** A line of a chart. `values` has one value for each of the chart's moments; null is a gap, and is drawn as one. */
export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Default: the next of the palette. */
  readonly color?: string;
  /** The label of another series of the chart that has the same colour. */
  readonly like?: string;
  /** Drawn thin and dashed: what is there to compare with. */
  readonly isFaint?: boolean;
}

/** A level to compare with: a request, a limit, the threshold of a policy. */
export interface Threshold {
  readonly value: number;
  readonly label: string;
  readonly color: string;
}

export interface PlotLook {
  readonly unit: Unit;
  readonly isDark: boolean;
  readonly isFromZero: boolean;
  readonly isStacked: boolean;
  readonly syncKey: string;
  readonly colors: readonly string[];
  readonly thresholds: readonly Threshold[];
}

const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power);
const DURATION_STEPS = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].flatMap((one) => [one, 2 * one, 5 * one]),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800, 2_592_000],
];

/** How uPlot is to draw series in the console's manner, but for size and what happens on hover and drag. */
export function plotOptions(
  series: readonly ChartSeries[],
  { unit, isDark, isFromZero, isStacked, syncKey, colors, thresholds }: PlotLook,
): Omit<uPlot.Options, 'width' | 'height'> {
  const ink = isDark ? '#a3aab4' : '#5a6472';
  const grid = { stroke: isDark ? 'rgba(255,255,255,0.07)' : 'rgba(0,0,0,0.07)', width: 1 };
  const axis = { stroke: ink, font: '11px system-ui, sans-serif', grid, ticks: { show: false } };
  const steps = unit.startsWith('bytes') ? BINARY_STEPS : unit === 's' ? DURATION_STEPS : undefined;
  const fill = isStacked ? '55' : series.length === 1 ? '1f' : undefined;
  return {
    // Half of a time that stands below the right edge.
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: syncKey },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      points: { size: 6 },
      focus: { prox: 24 },
      y: false,
    },
    focus: { alpha: series.length > 1 ? 0.35 : 1 },
    scales: {
      x: { time: true },
      y: {
        range: (_plot, low, high) =>
          valueRange(low, high, { isFromZero: isFromZero || isStacked, levels: thresholds.map(({ value }) => value) }),
      },
    },
    axes: [
      {
        ...axis,
        space: 70,
        size: 24,
        values: (_plot, splits, _index, _space, spacing) => formatTicks(splits, spacing),
      },
      {
        ...axis,
        gap: 4,
        space: 34,
        size: (_plot, values) => 12 + 6.4 * Math.max(3, ...(values ?? []).map((text) => text.length)),
        values: (_plot, splits) => splits.map((value) => (value === null ? '' : formatValue(value, unit))),
        ...(steps !== undefined && { incrs: steps }),
      },
    ],
    series: [
      {},
      ...series.map(({ label, isFaint = false }, index) => ({
        label,
        stroke: isFaint ? `${colors[index]}99` : colors[index]!,
        width: isFaint ? 1 : 1.5,
        ...(isFaint && { dash: [4, 4] }),
        ...(fill !== undefined && !isFaint && { fill: colors[index] + fill }),
        points: { size: 4, fill: colors[index]!, width: 0 },
        spanGaps: false,
      })),
    ],
    ...(isStacked && {
      bands: series.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })),
    }),
    hooks: { draw: [(plot) => drawThresholds(plot, thresholds)] },
  };
}

/** What the vertical axis shows of data from `low` to `high`: with a little air, never of no height. */
export function valueRange(
  low: number | null,
  high: number | null,
  { isFromZero, levels }: { readonly isFromZero: boolean; readonly levels: readonly number[] },
): [number, number] {
  const known = [...(low === null ? [] : [low]), ...(high === null ? [] : [high])].filter(Number.isFinite);
  // A level far above everything would press the lines flat.
  const near = levels.filter((level) => known.length === 0 || level <= 4 * Math.max(...known));
  const all = [...known, ...near, ...(isFromZero ? [0] : [])];
  if (all.length === 0) return [0, 1];
  const least = Math.min(...all);
  const most = Math.max(...all);
  if (least === most) return least === 0 ? [0, 1] : [least - Math.abs(least) * 0.1, most + Math.abs(most) * 0.1];
  const air = (most - least) * 0.05;
  return [isFromZero && least === 0 ? 0 : least - air, isFromZero && most === 0 ? 0 : most + air];
}

/** Sums of each series and those before it; null where none of them has a value. */
export function stacked(series: readonly (readonly (number | null)[])[]): (number | null)[][] {
  let below: readonly (number | null)[] | undefined;
  return series.map((values) => {
    const before = below;
    const sum = values.map((value, index) => {
      const rest = before?.[index] ?? null;
      return value === null && rest === null ? null : (value ?? 0) + (rest ?? 0);
    });
    below = sum;
    return sum;
  });
}

function drawThresholds(plot: uPlot, thresholds: readonly Threshold[]): void {
  const { ctx, bbox, scales } = plot;
  const { min = 0, max = 0 } = scales.y ?? {};
  ctx.save();
  for (const { value, label, color } of thresholds) {
    if (value < min || value > max) continue;
    const y = Math.round(plot.valToPos(value, 'y', true));
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.fillText(label, bbox.left + bbox.width - 2, y - 3 * devicePixelRatio);
  }
  ctx.restore();
}
