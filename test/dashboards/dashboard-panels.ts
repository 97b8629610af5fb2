import type { TemplateVariable } from './template-variables.ts';

/** A query of a panel. */
export interface PanelTarget {
  readonly expr: string;
  /** Asked at the end of the range only. */
  readonly instant: boolean;
}

/** A panel that asks something; those of text and lists ask nothing and have no targets. */
export interface DashboardPanel {
  readonly title: string;
  readonly targets: readonly PanelTarget[];
  /** The variables with one value of which at a time it is shown: that of its row, and its own. */
  readonly repeats: readonly string[];
  /** Of a table that keeps some labels only: their names, by which no two rows are the same. */
  readonly rowLabels: readonly string[] | undefined;
}

/** What a dashboard's JSON is read for. */
export interface DashboardModel {
  readonly uid: string;
  readonly title: string;
  /** Where its time range begins: `now-1h`. */
  readonly from: string;
  readonly variables: readonly TemplateVariable[];
  /** In the order of the JSON, those of rows in the place of their row. */
  readonly panels: readonly DashboardPanel[];
}

interface PanelJson {
  readonly type: string;
  readonly title?: string;
  readonly repeat?: string;
  readonly panels?: readonly PanelJson[];
  readonly targets?: readonly { readonly expr?: string; readonly instant?: boolean; readonly hide?: boolean }[];
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: { readonly include?: { readonly names?: readonly string[] } };
  }[];
}

/** Reads the JSON of a dashboard in the schema of Grafana 5 to 12. Hidden targets and those without an expression are left out. */
export function readDashboard(text: string): DashboardModel {
  const json = JSON.parse(text) as {
    readonly uid: string;
    readonly title: string;
    readonly time?: { readonly from?: string };
    readonly templating?: { readonly list?: readonly TemplateVariable[] };
    readonly panels?: readonly PanelJson[];
  };
  const panels: DashboardPanel[] = [];
  let ofRow: readonly string[] = [];
  for (const panel of json.panels ?? []) {
    if (panel.type === 'row') {
      // Panels of a closed row stand in it, those of an open one after it.
      ofRow = panel.repeat ? [panel.repeat] : [];
      panels.push(...(panel.panels ?? []).map((inner) => readPanel(inner, ofRow)));
    } else {
      panels.push(readPanel(panel, ofRow));
    }
  }
  return {
    uid: json.uid,
    title: json.title,
    from: json.time?.from ?? 'now-1h',
    variables: json.templating?.list ?? [],
    panels,
  };
}

function readPanel(panel: PanelJson, ofRow: readonly string[]): DashboardPanel {
  const targets = (panel.targets ?? []).flatMap(({ expr, instant, hide }) =>
    expr === undefined || expr === '' || hide === true ? [] : [{ expr, instant: instant === true }],
  );
  const kept = panel.transformations?.find(({ id }) => id === 'filterFieldsByName')?.options.include?.names;
  return {
    title: panel.title ?? '',
    targets,
    repeats: panel.repeat ? [...ofRow, panel.repeat] : ofRow,
    rowLabels: panel.type === 'table' ? kept?.filter((name) => !/^(Value|Time)\b/.test(name)) : undefined,
  };
}
