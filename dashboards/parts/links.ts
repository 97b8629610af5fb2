import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './variables.ts';

/** The tag of every dashboard of Pharos; the menu at the top lists those that have it. */
export const TAG = 'pharos';

/** A way to another dashboard. */
export interface BoardLink {
  readonly title: string;
  /** The dashboard's uid, as `pharos-node`. */
  readonly uid: string;
  /**
   * Variables of the other dashboard by name, with the value each is to have: a variable of this one (`$cluster`), a
   * label of the series (`ofSeries`) or of the table's row (`cell`).
   */
  readonly variables: Readonly<Record<string, string>>;
}

/** The value of a label in the same row of a table, for the variables of a link. */
export const cell = (label: string): string => `$\{__data.fields.${label}}`;

/** The value of a label of the series clicked on, for the variables of a link. */
export const ofSeries = (label: string): string => `$\{__field.labels.${label}}`;

/** The address behind a link: time range and data source come along with the variables named. */
export function linkAddress({ uid, variables }: Omit<BoardLink, 'title'>): string {
  const named = Object.entries({ datasource: `$\{${DATASOURCE}}`, ...variables });
  const parts = named.map(([name, value]) => `var-${name}=${value}&`);
  return `/d/${uid}?${parts.join('')}$\{__url_time_range}`;
}

/** A link at the top of a dashboard: all variables and the time range come along. */
export const topLink = ({ title, uid }: Pick<BoardLink, 'title' | 'uid'>): TopLink =>
  inTheBar(
    new DashboardLinkBuilder(title)
      .type(DashboardLinkType.Link)
      .url(`/d/${uid}`)
      .icon('dashboard')
      .includeVars(true)
      .keepTime(true),
  );

/** The menu of all dashboards at the top of each: all variables and the time range come along. */
export const menu = (): TopLink =>
  inTheBar(
    new DashboardLinkBuilder('Pharos')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true),
  );

/** A link as the dashboard's builder takes it. */
export type TopLink = { readonly build: () => DashboardLink };

/** The builder puts links into the menu of controls, where nobody looks for them; without a placement they stand in the bar. */
function inTheBar(builder: DashboardLinkBuilder): TopLink {
  const { placement: _, ...link } = builder.build();
  return { build: () => link };
}

/** The links of a graph's or a number's values. The builder asks for links of dashboards; those of values have less to them. */
export const dataLinks = (links: readonly BoardLink[]): TopLink[] =>
  links.map((link) => ({ build: () => dataLink(link) as DashboardLink }));

/** A link of values or of a table's cells, as the field configuration has it. */
export const dataLink = (link: BoardLink): { title: string; url: string; targetBlank: boolean } => ({
  title: link.title,
  url: linkAddress(link),
  targetBlank: false,
});
