import { type InstantSample, queryInstant } from '../../api/query-instant.ts';
import { quoted } from '../../objects/selector.ts';

/** Says of a sample which query it answers. */
const LABEL = 'asked_as';

/**
 * Asks several queries of the same moment in one request, and answers under their names; a label that the queries know nothing of tells the
 * answers apart. Samples keep the names of their metrics.
 *
 *     { up: 'up', nodes: 'kube_node_info' }
 *     label_replace(up, "asked_as", "up", "", "") or label_replace(kube_node_info, "asked_as", "nodes", "", "")
 */
export async function askAll<Name extends string>(
  queries: Readonly<Record<Name, string>>,
  options: { readonly time?: number | undefined; readonly signal: AbortSignal },
): Promise<Readonly<Record<Name, readonly InstantSample[]>>> {
  const names = Object.keys(queries) as Name[];
  const marked = names.map((name) => `label_replace(${queries[name]}, "${LABEL}", ${quoted(name)}, "", "")`);
  const samples = await queryInstant(marked.join(' or '), options);
  const answers = Object.fromEntries(names.map((name) => [name, [] as InstantSample[]])) as Record<
    Name,
    InstantSample[]
  >;
  for (const sample of samples) answers[sample.labels[LABEL] as Name].push(sample);
  return answers;
}
