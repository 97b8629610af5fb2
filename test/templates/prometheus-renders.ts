import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, Children, untilReady } from '../../bench/children.ts';
import { freePort } from '../../bench/contenders/contender.ts';

/** A template of a rule, and the sample that it is expanded for. */
export interface RenderedCase {
  readonly template: string;
  /** A series that `samples` gives. */
  readonly expr: string;
}

/**
 * What a Prometheus makes of templates: all of them are annotations of alerts, one alert each, named T0, T1 and so on in their order.
 * Its rules make the series that `samples` describes, as PromQL of a single value. Its external URL is http://ext:9090/p, its external
 * label cluster="c1". Rejects when it has not expanded them within half a minute.
 */
export async function prometheusRenders(
  program: string,
  {
    cases,
    samples,
  }: { readonly cases: readonly RenderedCase[]; readonly samples: readonly { record: string; expr: string }[] },
): Promise<string[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pharos-templates-'));
  const children = new Children();
  let child: Child | undefined;
  try {
    const rules = {
      groups: [
        {
          name: 'all',
          interval: '1s',
          rules: [
            ...samples,
            ...cases.map(({ template, expr }, i) => ({ alert: `T${i}`, expr, annotations: { t: template } })),
          ],
        },
      ],
    };
    await writeFile(path.join(directory, 'rules.yml'), JSON.stringify(rules));
    await writeFile(
      path.join(directory, 'prometheus.yml'),
      JSON.stringify({ global: { external_labels: { cluster: 'c1' } }, rule_files: ['rules.yml'] }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    const log = path.join(directory, 'log');
    child = children.start(
      'prometheus',
      [
        program,
        `--config.file=${path.join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--web.external-url=http://ext:9090/p',
        '--web.route-prefix=/',
        '--log.level=error',
      ],
      { log },
    );
    await untilReady(child, `http://${address}/-/ready`, { timeout: 30_000, log });
    for (const end = Date.now() + 30_000; Date.now() < end; await sleep(300)) {
      const answer = await fetch(`http://${address}/api/v1/alerts`, { signal: AbortSignal.timeout(10_000) });
      const { data } = (await answer.json()) as { data: { alerts: { labels: Texts; annotations: Texts }[] } };
      const byName = new Map(data.alerts.map(({ labels, annotations }) => [labels.alertname, annotations.t ?? '']));
      if (byName.size === cases.length) return cases.map((_, i) => byName.get(`T${i}`)!);
    }
    throw new Error('Prometheus has not expanded all templates within half a minute');
  } finally {
    if (child !== undefined) await children.stop(child, 5000);
    await rm(directory, { recursive: true, force: true });
  }
}

type Texts = Readonly<Record<string, string>>;
