import type { RelabelConfig } from '../../relabel.ts';
import { formatDurationLabel } from '../../scrape/duration.ts';
import type { ScrapeConfig, ScrapeProtocol } from '../../scrape/scrape-config.ts';
import type { ObjectReading } from './conversion.ts';
import type { Fields } from './fields.ts';
import { literal, rule } from './relabel-rules.ts';

type Timing = Pick<ScrapeConfig, 'scrapeInterval' | 'scrapeTimeout'>;

/** The interval and the timeout of a job in two fields, with the defaults for what they do not say. */
export function readTiming(fields: Fields, { context }: ObjectReading, names = ['interval', 'scrapeTimeout']): Timing {
  const [intervalName, timeoutName] = names as [string, string];
  const { defaults } = context;
  const scrapeInterval = fields.duration(intervalName) || defaults.scrapeInterval;
  const timeout = fields.duration(timeoutName);
  if (timeout !== undefined && timeout > scrapeInterval) {
    const wanted = `a timeout of at most the interval (${formatDurationLabel(scrapeInterval)})`;
    fields.fail(timeoutName, `expected ${wanted}, got ${formatDurationLabel(timeout)}`);
  }
  return { scrapeInterval, scrapeTimeout: timeout || Math.min(defaults.scrapeTimeout, scrapeInterval) };
}

const PROTOCOLS = [
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const satisfies readonly ScrapeProtocol[];

/** Fields about native histograms and names: known, and without effect here. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  scrapeNativeHistograms: 'native histograms are not served: classic ones are scraped',
  nativeHistogramBucketLimit: 'native histograms are not served',
  nativeHistogramMinBucketFactor: 'native histograms are not served',
  convertClassicHistogramsToNHCB: 'native histograms are not served: classic ones stay as they are',
  nameValidationScheme: 'names are not checked against the legacy scheme',
  nameEscapingScheme: 'names are taken as the target writes them',
};

type Common = Pick<
  ScrapeConfig,
  | 'bodySizeLimit'
  | 'sampleLimit'
  | 'targetLimit'
  | 'labelLimit'
  | 'labelNameLengthLimit'
  | 'labelValueLengthLimit'
  | 'keepDroppedTargets'
  | 'scrapeFallbackProtocol'
  | 'scrapeProtocols'
  | 'enableCompression'
>;

/** What the four kinds have in their spec in common: limits and protocols. */
export function readCommon(spec: Fields, reading: ObjectReading): Common {
  const { defaults } = reading.context;
  const scrapeClass = spec.text('scrapeClass');
  if (scrapeClass !== undefined) {
    const given = JSON.stringify(scrapeClass);
    spec.fail('scrapeClass', `scrape classes belong to a Prometheus object, which is not read; got ${given}`);
  }
  for (const [name, effect] of Object.entries(WITHOUT_EFFECT)) {
    if (spec.has(name)) reading.note(`${spec.path}.${name} has no effect: ${effect}`);
  }
  // Classic histograms are always scraped.
  spec.boolean('scrapeClassicHistograms');
  const limit = (name: keyof Common & keyof typeof defaults): number =>
    spec.integer(name) || Number(defaults[name] ?? 0);
  const protocols = spec.texts('scrapeProtocols').map((given, i) => {
    const known = PROTOCOLS.find((protocol) => protocol === given);
    const wanted = `expected one of ${PROTOCOLS.join(', ')}`;
    return known ?? spec.fail(`scrapeProtocols[${i}]`, `${wanted}, got ${JSON.stringify(given)}`);
  });
  protocols.forEach((protocol, i) => {
    if (protocols.indexOf(protocol) < i)
      spec.fail(`scrapeProtocols[${i}]`, `expected each once, got ${protocol} twice`);
  });
  const scrapeProtocols = protocols.length > 0 ? protocols : defaults.scrapeProtocols;
  return {
    bodySizeLimit: spec.size('bodySizeLimit') || (defaults.bodySizeLimit ?? 0),
    sampleLimit: limit('sampleLimit'),
    targetLimit: limit('targetLimit'),
    labelLimit: limit('labelLimit'),
    labelNameLengthLimit: limit('labelNameLengthLimit'),
    labelValueLengthLimit: limit('labelValueLengthLimit'),
    keepDroppedTargets: limit('keepDroppedTargets'),
    scrapeFallbackProtocol: spec.oneOf('fallbackScrapeProtocol', PROTOCOLS),
    enableCompression: spec.boolean('enableCompression') ?? true,
    ...(scrapeProtocols !== undefined && { scrapeProtocols }),
  };
}

/** `http` unless the field says `https`, in capitals or not. */
export function readScheme(fields: Fields): ScrapeConfig['scheme'] {
  return fields.oneOfFolded('scheme', ['http', 'https']) ?? 'http';
}

/** The job's name here, and its steps: `own` between those that all jobs begin and end with. */
export function nameAndSteps(
  name: string,
  own: readonly RelabelConfig[],
  { context }: ObjectReading,
): Pick<ScrapeConfig, 'jobName' | 'relabelConfigs'> {
  const { jobPrefix, cluster } = context;
  const steps: RelabelConfig[] = [];
  if (jobPrefix !== '') steps.push(rule({ targetLabel: 'job', replacement: literal(name) }));
  steps.push(rule({ sourceLabels: ['job'], targetLabel: '__tmp_prometheus_job_name' }), ...own);
  // Whatever the object's own steps keep or drop, the cluster is told; one that they name themselves stays.
  if (cluster !== '') {
    steps.push(rule({ sourceLabels: ['cluster'], regex: '', targetLabel: 'cluster', replacement: literal(cluster) }));
  }
  return { jobName: jobPrefix + name, relabelConfigs: steps };
}

/**
 * The steps that give targets labels of their object.
 *
 *     labelRules('pod', ['app.kubernetes.io/name'])  ->  __meta_kubernetes_pod_label_app_kubernetes_io_name, when it is
 *                                                        not empty, becomes app_kubernetes_io_name
 */
export function labelRules(
  object: 'service' | 'pod',
  labels: readonly { readonly from: string; readonly to: string }[],
): RelabelConfig[] {
  return labels.map(({ from, to }) =>
    rule({
      sourceLabels: [`__meta_kubernetes_${object}_label_${from}`],
      targetLabel: to,
      regex: '(.+)',
    }),
  );
}

/** Drops the targets of pods that have ended. */
export const ONLY_RUNNING: RelabelConfig = rule({
  action: 'drop',
  sourceLabels: ['__meta_kubernetes_pod_phase'],
  regex: '(Failed|Succeeded)',
});
