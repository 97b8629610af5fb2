/** Panels with queries that the demo has nothing to show for, by dashboard and title, and why. With data they are no exceptions any more. */
export const PANEL_EXCEPTIONS: Readonly<Record<string, string>> = {
  'pharos-alerts: Notifications by outcome': 'nobody is told where no receiver is configured',
  'pharos-alerts: Time of an attempt': 'nobody is told where no receiver is configured',
  'pharos-alerts: Alerts not told': 'nobody is told where no receiver is configured',
};
