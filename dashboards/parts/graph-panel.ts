import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { dataLinks } from './links.ts';
import type { Panel, PanelDescription } from './panel.ts';
import { target } from './query.ts';
import { thresholdsConfig } from './thresholds.ts';
import { PROMETHEUS } from './variables.ts';

/** A graph over the time range. */
export interface GraphDescription extends PanelDescription {
  /** True: areas on top of each other, for parts of a whole. Default false. */
  readonly stacked?: boolean;
  /** True: a bar for each point, for what is counted in each. A line would hide points that stand alone. Default false. */
  readonly bars?: boolean;
  /**
   * True: names at the right, one below the other with their last and highest values, the highest first: for many long ones.
   * By default below the graph, one after the other.
   */
  readonly listed?: boolean;
}

/** Lines over time: 8 columns wide and 8 rows high by default, from 0 up, thresholds as dashed lines. */
export function graph(description: GraphDescription): Panel {
  const {
    title,
    width = 8,
    height = 8,
    stacked = false,
    bars = false,
    thresholds,
    links,
    decimals,
    min = 0,
    max,
    none,
  } = description;
  const panel = new PanelBuilder()
    .title(title)
    .description(description.description)
    .datasource(PROMETHEUS)
    .unit(description.unit)
    .targets(description.queries.map((query, index) => target(query, { index, asking: 'range' })))
    .min(min)
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(bars ? 60 : stacked ? 40 : 8)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(legend(description));
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (thresholds) {
    panel.thresholds(thresholdsConfig(thresholds));
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  if (none !== undefined) panel.noValue(none);
  if (links) panel.dataLinks(dataLinks(links));
  return { title, width, height, built: panel.build() };
}

function legend({ listed = false }: GraphDescription): VizLegendOptionsBuilder {
  const builder = new VizLegendOptionsBuilder().showLegend(true);
  if (!listed) return builder.displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom);
  return builder
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Right)
    .calcs(['lastNotNull', 'max'])
    .sortBy('Max')
    .sortDesc(true);
}
