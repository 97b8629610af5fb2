// A table is several queries asked once, each a column: Grafana names their values `Value #A`, `Value #B`, …, and rows
// with the same labels become one. Columns keep those names, and what a reader sees is a display name, because links
// find a cell by the former: `${__data.fields.pod}`.
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type BoardLink, dataLink } from './links.ts';
import type { Panel, ValueNames } from './panel.ts';
import { refId, target } from './query.ts';
import { type Thresholds, thresholdSteps } from './thresholds.ts';
import type { Unit } from './unit.ts';
import { valueMappings } from './value-mappings.ts';
import { PROMETHEUS } from './variables.ts';

/** A column with the values of a label. */
export interface LabelColumn {
  readonly label: string;
  readonly title: string;
  /** Where a click leads; `${__data.fields.LABEL}` is the value of a label in the same row. */
  readonly link?: BoardLink;
  /** In pixels. */
  readonly width?: number;
}

/** A column with the values of a query. */
export interface ValueColumn {
  readonly title: string;
  readonly unit: Unit;
  /** PromQL whose series have the labels of the label columns, and no two the same ones. */
  readonly expr: string;
  /** Colours the cell. */
  readonly thresholds?: Thresholds;
  readonly decimals?: number;
  readonly names?: ValueNames;
}

/** A table of objects. */
export interface TableDescription {
  readonly title: string;
  readonly description: string;
  readonly labels: readonly LabelColumn[];
  readonly values: readonly ValueColumn[];
  /** What stands there when there are no rows, where that means something. */
  readonly none?: string;
  /** The title of the column it is sorted by at first, highest first. */
  readonly sortBy: string;
  readonly width?: number;
  readonly height?: number;
}

const property = (id: string, value: unknown): DynamicConfigValue => ({ id, value });

/** A row for each object, as of the end of the time range: 24 columns wide and 12 rows high by default. */
export function table(description: TableDescription): Panel {
  const { title, labels, values, none, sortBy, width = 24, height = 12 } = description;
  const valueField = (index: number): string => (values.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const fields = [...labels.map(({ label }) => label), ...values.map((_, index) => valueField(index))];
  const panel = new PanelBuilder()
    .title(title)
    .description(description.description)
    .datasource(PROMETHEUS)
    .targets(values.map(({ expr }, index) => target({ expr }, { index, asking: 'table' })))
    .transformations([
      { id: 'filterFieldsByName', options: { include: { names: fields } } },
      { id: 'merge', options: {} },
      { id: 'organize', options: { indexByName: Object.fromEntries(fields.map((name, index) => [name, index])) } },
    ])
    .filterable(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  // Grafana would write it into each cell without a value, too.
  const emptyCell = none === undefined ? [] : [property('noValue', '')];
  if (none !== undefined) panel.noValue(none);
  for (const { label, title, link, width } of labels) {
    const properties = [property('displayName', title), ...emptyCell];
    if (link) properties.push(property('links', [dataLink(link)]));
    if (width !== undefined) properties.push(property('custom.width', width));
    panel.overrideByName(label, properties);
  }
  values.forEach(({ title, unit, thresholds, decimals, names }, index) => {
    const properties = [property('displayName', title), ...emptyCell, property('unit', unit)];
    if (decimals !== undefined) properties.push(property('decimals', decimals));
    if (names) properties.push(property('mappings', [valueMappings(names)]));
    if (thresholds) properties.push(property('thresholds', { mode: 'absolute', steps: thresholdSteps(thresholds) }));
    if (thresholds || names) {
      const cell = { type: TableCellDisplayMode.ColorText };
      properties.push(property('custom.cellOptions', cell));
    }
    panel.overrideByName(valueField(index), properties);
  });
  return { title, width, height, built: panel.build() };
}
