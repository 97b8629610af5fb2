type Labels = Readonly<Record<string, string>>;

/**
 * Names for the series of one answer, no two alike. `legend` as Grafana has it: `{{pod}}` stands for a label's value. Without it a name is what
 * tells the series apart: `web-1` when only `pod` differs, `{pod="web-1", container="app"}` when more does.
 */
export function seriesLabels(series: readonly Labels[], legend?: string): string[] {
  const names = legend === undefined ? distinct(series) : series.map((labels) => filled(legend, labels));
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

/** A series as PromQL writes it. */
export function seriesText({ __name__: name = '', ...labels }: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`;
}

function filled(legend: string, labels: Labels): string {
  return legend.replace(/\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}/g, (_, name: string) => labels[name] ?? '');
}

function distinct(series: readonly Labels[]): string[] {
  if (series.length <= 1) return series.map((labels) => seriesText(labels));
  const names = [...new Set(series.flatMap((labels) => Object.keys(labels)))];
  const differing = names.filter((name) => series.some((labels) => labels[name] !== series[0]![name]));
  return series.map((labels) => {
    const [only] = differing;
    if (differing.length === 1 && labels[only!] !== undefined) return labels[only!]!;
    return seriesText(
      Object.fromEntries(differing.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]]))),
    );
  });
}
