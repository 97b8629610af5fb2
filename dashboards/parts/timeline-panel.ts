import { VisibilityMode } from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { Panel, PanelDescription, ValueNames } from './panel.ts';
import { target } from './query.ts';
import { thresholdsConfig } from './thresholds.ts';
import { valueMappings } from './value-mappings.ts';
import { PROMETHEUS } from './variables.ts';

/** States over time. */
export interface TimelineDescription extends Omit<PanelDescription, 'links' | 'decimals' | 'min' | 'max'> {
  readonly names: ValueNames;
}

/** A bar for each series, coloured by what its values mean: 24 columns wide and 6 rows high by default. */
export function timeline(description: TimelineDescription): Panel {
  const { title, width = 24, height = 6, thresholds = {}, names } = description;
  const panel = new PanelBuilder()
    .title(title)
    .description(description.description)
    .datasource(PROMETHEUS)
    .unit(description.unit)
    .targets(description.queries.map((query, index) => target(query, { index, asking: 'range' })))
    .thresholds(thresholdsConfig(thresholds))
    .mappings([valueMappings(names)])
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(80);
  return { title, width, height, built: panel.build() };
}
