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
}

/** What a dashboard's JSON is read for. */
export interface DashboardModel {
  readonly uid: string;
  readonly title: string;
  readonly variables: readonly TemplateVariable[];
  /** In the order of the JSON, those of rows in the place of their row. */
  readonly panels: readonly DashboardPanel[];
}

interface PanelJson {
  readonly type: string;
  readonly title?: string;
  readonly panels?: readonly PanelJson[];
  readonly targets?: readonly { readonly expr?: string; readonly instant?: boolean; readonly hide?: boolean }[];
}

/** Reads the JSON of a dashboard in the schema of Grafana 5 to 12. Hidden targets and those without an expression are left out. */
export function readDashboard(text: string): DashboardModel {
  const json = JSON.parse(text) as {
    readonly uid: string;
    readonly title: string;
    readonly templating?: { readonly list?: readonly TemplateVariable[] };
    readonly panels?: readonly PanelJson[];
  };
  return {
    uid: json.uid,
    title: json.title,
    variables: json.templating?.list ?? [],
    panels: (json.panels ?? []).flatMap(panelsOf),
  };
}

function panelsOf(panel: PanelJson): DashboardPanel[] {
  if (panel.type === 'row') return (panel.panels ?? []).flatMap(panelsOf);
  const targets = (panel.targets ?? []).flatMap(({ expr, instant, hide }) =>
    expr === undefined || expr === '' || hide === true ? [] : [{ expr, instant: instant === true }],
  );
  return [{ title: panel.title ?? '', targets }];
}
