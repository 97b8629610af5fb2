/**
 * The k8s_* catalogue beside what a running server has of it, to be run by hand after a build:
 *
 *     node dist/test/kubernetes/catalogue-report.js --url http://127.0.0.1:9090 [--cluster simulated]
 *
 * Prints every name with its source and the number of series, and exits 1 when one has none.
 */
import { parseArgs } from 'node:util';
import { instantQuery } from '../../bench/prometheus-api.ts';
import { formatTable } from '../../cli/table.ts';
import { type Definition, LEVELS, metricName } from '../../collector/kubernetes/catalogue/definitions.ts';

const { values } = parseArgs({
  options: { url: { type: 'string', default: 'http://127.0.0.1:9090' }, cluster: { type: 'string', default: '' } },
});

const matcher = values.cluster === '' ? '' : `,cluster=${JSON.stringify(values.cluster)}`;
const found = new Map(
  (await instantQuery(values.url, `count by (__name__) ({__name__=~"k8s_.+"${matcher}})`)).map(({ labels, value }) => [
    labels.__name__ ?? '',
    value,
  ]),
);
const rows = LEVELS.flatMap(({ level, definitions }) =>
  (definitions as readonly Definition<never>[]).map((definition) => {
    const name = metricName(level, definition);
    return { name, source: definition.source, series: found.get(name) ?? 0 };
  }),
);
console.log(
  formatTable(
    ['name', 'source', 'series'],
    rows.map(({ name, source, series }) => [name, source, String(series)]),
  ),
);
const missing = rows.filter(({ series }) => series === 0);
const known = new Set(rows.map(({ name }) => name));
const others = [...found.keys()].filter((name) => !known.has(name));
console.log(`${rows.length - missing.length} of ${rows.length} names have series`);
if (missing.length > 0) console.log(`missing: ${missing.map(({ name }) => name).join(', ')}`);
if (others.length > 0) console.log(`not of the catalogue: ${others.join(', ')}`);
process.exitCode = missing.length === 0 ? 0 : 1;
