const LIGHT = [
  '#2b6cd4',
  '#c2610c',
  '#1a8754',
  '#c0304a',
  '#7548c9',
  '#0b7f94',
  '#94690a',
  '#c23f8b',
  '#56657a',
  '#5f7d10',
];
const DARK = [
  '#74a9ff',
  '#ffa552',
  '#54cf8d',
  '#ff8a8a',
  '#b59bff',
  '#43cbdd',
  '#f2cc43',
  '#f88bbd',
  '#a9b6c6',
  '#a8d94a',
];

/** The colour of the series at `index` of a chart; they come again after ten. */
export function seriesColor(index: number, isDark: boolean): string {
  const colors = isDark ? DARK : LIGHT;
  return colors[index % colors.length]!;
}
