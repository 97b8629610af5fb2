/** Names of severities, the worst first, with those that rules of others use. */
const RANKED: readonly (readonly string[])[] = [
  ['serious', 'critical', 'page', 'error'],
  ['warn', 'warning'],
  ['remind', 'info', 'none'],
];
/** The levels of severities, by rank. */
export const LEVELS = ['serious', 'warn', 'remind', 'other'] as const;
const COLOURS = ['red', 'orange', 'blue', 'gray'] as const;
const INKS = ['#e03131', '#f08c00', '#1c7ed6', '#868e96'] as const;

/** 0 for the worst; what nobody knows comes last. */
export function severityRank(severity: string | undefined): number {
  const rank = RANKED.findIndex((names) => names.includes(severity ?? ''));
  return rank === -1 ? RANKED.length : rank;
}

/** A colour of the theme. */
export function severityColour(severity: string | undefined): string {
  return COLOURS[severityRank(severity)]!;
}

/** The same colour for what is drawn on a canvas. */
export function severityInk(severity: string | undefined): string {
  return INKS[severityRank(severity)]!;
}
