import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { dataLinks } from './links.ts';
import type { Panel, PanelDescription, ValueNames } from './panel.ts';
import { target } from './query.ts';
import { thresholdsConfig } from './thresholds.ts';
import { valueMappings } from './value-mappings.ts';
import { PROMETHEUS } from './variables.ts';

/** A number to be read at a glance. */
export interface StatDescription extends PanelDescription {
  /** True: the series' name is what is shown, for what is known by a label. Default false. */
  readonly nameOnly?: boolean;
  /** Names for some of the values. */
  readonly names?: ValueNames;
}

/** Numbers in large type, as of the end of the time range: 4 columns wide and 4 rows high by default. */
export function stat(description: StatDescription): Panel {
  const { title, width = 4, height = 4, thresholds = {}, links, decimals, names, none } = description;
  const panel = new PanelBuilder()
    .title(title)
    .description(description.description)
    .datasource(PROMETHEUS)
    .unit(description.unit)
    .targets(description.queries.map((query, index) => target(query, { index, asking: 'instant' })))
    .thresholds(thresholdsConfig(thresholds))
    .graphMode(BigValueGraphMode.None)
    .colorMode(description.thresholds || names ? BigValueColorMode.Value : BigValueColorMode.None)
    .textMode(textMode(description))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  if (decimals !== undefined) panel.decimals(decimals);
  if (names) panel.mappings([valueMappings(names)]);
  if (none !== undefined) panel.noValue(none);
  if (links) panel.dataLinks(dataLinks(links));
  return { title, width, height, built: panel.build() };
}

function textMode({ nameOnly = false, queries }: StatDescription): BigValueTextMode {
  if (nameOnly) return BigValueTextMode.Name;
  return queries.length > 1 ? BigValueTextMode.ValueAndName : BigValueTextMode.Auto;
}
