/**
 * What an attacker, or a broken client, might put into a request, in every place that a request has, over TLS to the whole
 * server: what is answered is what a naive model of the cluster says, or nothing at all.
 */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BedAnswer } from '../../alerting/autoscaling/api/metrics-apis-bed.case.ts';
import { naiveSelector } from './naive-selector.case.ts';
import { PODS, QUEUES, ServedCluster } from './served-cluster.case.ts';

let cluster: ServedCluster;
beforeAll(async () => (cluster = await ServedCluster.start()));
afterAll(() => cluster.close());
afterEach(() => {
  cluster.wrongReads.length = 0;
});

const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2';
const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1';
const USAGE = '/apis/metrics.k8s.io/v1beta1';
const REFUSED = [400, 404, 414];

/** By name, what is put into requests: as text, which is then escaped, or as it is sent. */
const HOSTILE: readonly (readonly [string, string | { readonly sent: string }])[] = [
  ['a double quote', '"'],
  ['a closed string and more', 'web"} or {a="b'],
  ['a single quote', "web-0' or '1'='1"],
  ['a backquote', '`web-0`'],
  ['a backslash', 'web-0\\'],
  ['an escaped quote', 'web\\"-0'],
  ['an opening brace', 'web{'],
  ['a closing brace', 'web}'],
  ['braces with a regular expression', '{__name__=~".+"}'],
  ['brackets', 'web[5m]'],
  ['or', 'web or db'],
  ['or with a vector', 'k8s_pod_load or vector(1)'],
  ['unless', 'shop unless bank'],
  ['a comment', 'web # }'],
  ['a newline', 'web\nor db'],
  ['a carriage return', 'web\r\nHost: bank'],
  ['a tab', 'web\tdb'],
  ['NUL', 'web\0'],
  ['NUL as sent', { sent: 'web%00' }],
  ['NUL before another condition', 'app=web\0,tier=front'],
  ['a regular expression of everything', '.*'],
  ['a regular expression of one or more', '.+'],
  ['an alternative', 'web-0|db-0'],
  ['an anchor', '^web-0$'],
  ['a star inside', 'web-*'],
  ['two stars', '**'],
  ['a star escaped twice', { sent: '%252A' }],
  ['a slash', 'shop/web-0'],
  ['a slash escaped twice', { sent: 'shop%252Fweb-0' }],
  ['a step up', { sent: '..' }],
  ['a step up with a slash', '../bank'],
  ['a step up, escaped', { sent: '%2e%2e%2fbank' }],
  ['a step up, escaped twice', { sent: '%252e%252e%252fbank' }],
  ['a slash in overlong UTF-8', { sent: '%c0%af' }],
  ['a lone continuation byte', { sent: 'web%80' }],
  ['a half of a surrogate pair in UTF-8', { sent: '%ed%a0%80' }],
  ['an escape that is none', { sent: 'web%zz' }],
  ['an escape that is cut', { sent: 'web%2' }],
  ['a letter with a dot', 'wéb'],
  ['a letter that looks like another', 'wеb'],
  ['full width letters', 'ｗｅｂ'],
  ['a direction override', 'web\u202e'],
  ['a zero width space', 'web\u200b'],
  ['an emoji', '🙂'],
  ['the end of a line of Unicode', 'web\u2028or'],
  ['10 kB of letters', 'a'.repeat(10_000)],
  ['10 kB of quotes', '"'.repeat(10_000)],
  ['10 kB of opening parentheses', '('.repeat(10_000)],
  ['100 kB', 'a'.repeat(100_000)],
  ['2,000 conditions', Array(2_000).fill('app=web').join(',')],
  ['a label of the store', '__name__=secret_depth'],
  ['the label of clusters', 'cluster=other'],
  ['the label of namespaces', 'namespace=bank'],
  ['the place of a selector', '$selector'],
  ['a template', '$' + '{process.env.HOME}'],
  ['a property of every object', 'constructor'],
  ['another property of every object', '__proto__'],
  ['a method of every object', 'toString'],
  ['an operator of numbers', 'app>0'],
  ['an empty text', ''],
  ['white space', ' '],
  ['a comma', ','],
  ['a condition that is cut', 'app in (web'],
  ['a value in quotes', 'app="web"'],
  ['two values without a comma', 'app in (web db)'],
  ['a selector of another place', 'app=web&labelSelector=app=db'],
  ['a question mark', 'web?labelSelector='],
  ['a hash', 'web#'],
  ['a semicolon', 'web;db'],
  ['an upper case name', 'WEB-0'],
];

const escaped = (given: string | { readonly sent: string }): string =>
  typeof given === 'string' ? encodeURIComponent(given) : given.sent;

/** What the text means after one decoding; undefined when it is no text. */
function meant(given: string | { readonly sent: string }): string | undefined {
  if (typeof given === 'string') return given;
  try {
    return decodeURIComponent(given.sent);
  } catch {
    return undefined;
  }
}

interface Asked {
  readonly namespace: string;
  readonly name: string;
  readonly metric: string;
  readonly selector: string;
}

/** As `namespace/name value`, sorted; undefined when nothing but a refusal is right. */
function expectedPods({ namespace, name, metric, selector }: Asked): readonly string[] | undefined {
  const selects = naiveSelector(selector);
  if (selects === undefined || metric !== 'k8s_pod_load') return undefined;
  if (name !== '*' && selector !== '') return undefined;
  const found = PODS.filter(
    (pod) => pod.namespace === namespace && (name === '*' || pod.name === name) && selects(pod.labels),
  );
  if (name !== '*' && found.length === 0) return undefined;
  return found.map((pod) => `${pod.namespace}/${pod.name} ${pod.value}`).sort();
}

function servedPods(answer: BedAnswer): readonly string[] {
  const { items } = answer.json() as {
    items: { describedObject: { namespace: string; name: string }; value: string }[];
  };
  return items.map(({ describedObject: { namespace, name }, value }) => `${namespace}/${name} ${number(value)}`).sort();
}

/** `1k` is 1000; others are whole numbers here. */
function number(quantity: string): number {
  return quantity.endsWith('k') ? Number(quantity.slice(0, -1)) * 1000 : Number(quantity);
}

/** Either what is expected, or a refusal where nothing is. */
function check(
  answer: BedAnswer,
  expected: readonly string[] | undefined,
  served: (answer: BedAnswer) => readonly string[],
) {
  if (answer.status === 200) expect(served(answer)).toEqual(expected ?? 'a refusal');
  else {
    expect(REFUSED).toContain(answer.status);
    expect(answer.json()).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status });
    expect(answer.text.length).toBeLessThan(5_000);
    // What should have been answered is not refused either; a namespace that cannot be is, where there is none of that name.
    expect(expected ?? []).toEqual([]);
  }
}

const askCustom = ({ namespace, name, metric, selector }: Record<keyof Asked, string>): Promise<BedAnswer> =>
  cluster.bed.get(`${CUSTOM}/namespaces/${namespace}/pods/${name}/${metric}?labelSelector=${selector}`);

describe('what is there', () => {
  it('is served', async () => {
    const plain = { namespace: 'shop', name: '*', metric: 'k8s_pod_load', selector: '' };
    const all = await askCustom(plain);
    expect(servedPods(all)).toEqual(expectedPods(plain));
    expect(servedPods(all)).toHaveLength(6);
    const some = await askCustom({ ...plain, selector: encodeURIComponent('app in (web,db),!tier') });
    expect(servedPods(some)).toEqual(['shop/db-1 1011', 'shop/web-1 1001']);
    const external = await cluster.bed.get(`${EXTERNAL}/namespaces/shop/depth?labelSelector=queue%3Dorders`);
    expect(external.json().items.map(({ value }: { value: string }) => value)).toEqual(['11', '12']);
    const usage = await cluster.bed.get(`${USAGE}/namespaces/or/pods?labelSelector=tier,app%3Dmail`);
    expect(usage.json().items).toMatchObject([
      { metadata: { namespace: 'or', name: 'mail-0' }, containers: [{ usage: { cpu: '200m', memory: '1220' } }] },
    ]);
  });
});

describe.each(HOSTILE)('%s', (_, given) => {
  const sent = escaped(given);
  const text = meant(given);
  const plain = { namespace: 'shop', name: 'web-0', metric: 'k8s_pod_load', selector: '' };

  it('gives nobody what is another’s', async () => {
    for (const place of ['namespace', 'name', 'metric'] as const) {
      const answer = await askCustom({ ...plain, [place]: sent });
      check(answer, text === undefined ? undefined : expectedPods({ ...plain, [place]: text }), servedPods);
    }
    const everywhere = await askCustom({ namespace: sent, name: sent, metric: sent, selector: sent });
    expect(everywhere.status).not.toBe(200);
    const resource = await cluster.bed.get(`${CUSTOM}/namespaces/shop/${sent}/web-0/k8s_pod_load`);
    expect(REFUSED).toContain(resource.status);

    const selecting = { ...plain, name: '*', selector: text ?? '\ufffd' };
    check(await askCustom({ ...selecting, selector: sent }), expectedPods(selecting), servedPods);
    const listing = await cluster.bed.get(`${USAGE}/namespaces/shop/pods?labelSelector=${sent}`);
    check(listing, expectedPods(selecting), servedUsage);
    const one = await cluster.bed.get(`${USAGE}/namespaces/shop/pods/${sent}`);
    // Without a name it is a list.
    if (sent === '') expect(one.json().kind).toBe('PodMetricsList');
    else expect(REFUSED).toContain(one.status);
    const other = await cluster.bed.get(`${USAGE}/namespaces/${sent}/pods`);
    if (other.status === 200) expect(other.json().items).toEqual([]);
    else expect(REFUSED).toContain(other.status);
    const fields = await cluster.bed.get(`${USAGE}/pods?fieldSelector=metadata.name%3D${sent}`);
    if (fields.status === 200) expect(fields.json().items).toEqual([]);
    else expect(REFUSED).toContain(fields.status);

    const queues = await cluster.bed.get(`${EXTERNAL}/namespaces/shop/depth?labelSelector=${sent}`);
    check(queues, expectedQueues(text ?? '\ufffd'), servedQueues);
    const external = await cluster.bed.get(`${EXTERNAL}/namespaces/shop/${sent}`);
    expect(REFUSED).toContain(external.status);
    const debug = await cluster.bed.get(`/debug/autoscaling/services/shop/web-0/${sent}?metricLabelSelector=${sent}`);
    // Both together are more than the head of a request may have.
    expect([200, 431, ...REFUSED]).toContain(debug.status);
    expect(debug.text).not.toContain('1000');
    expect(cluster.wrongReads).toEqual([]);
  });
});

function servedUsage(answer: BedAnswer): readonly string[] {
  const { items } = answer.json() as {
    items: { metadata: { namespace: string; name: string }; containers: { usage: { memory: string } }[] }[];
  };
  return items
    .map(
      ({ metadata: { namespace, name }, containers }) => `${namespace}/${name} ${bytes(containers[0]!.usage.memory)}`,
    )
    .sort();
}

function bytes(quantity: string): number {
  return quantity.endsWith('Ki') ? Number(quantity.slice(0, -2)) * 1024 : number(quantity);
}

/**
 * In Prometheus a label that is missing and one that is empty are the same. Undefined where a refusal is right: none matches,
 * or it is no selector.
 */
function expectedQueues(selector: string): readonly string[] | undefined {
  const selects = naiveSelector(selector);
  if (selects === undefined) return undefined;
  const found = QUEUES.filter(({ labels }) => selects(labels));
  return found.length === 0 ? undefined : found.map(({ value }) => String(value)).sort();
}

function servedQueues(answer: BedAnswer): readonly string[] {
  return (answer.json() as { items: { value: string }[] }).items.map(({ value }) => value).sort();
}

describe('any request', () => {
  const strange = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom(
      ...HOSTILE.flatMap(([, given]) => (typeof given === 'string' && given.length < 100 ? [given] : [])),
    ),
  );
  const namespaces = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('shop', 'bank', 'or') }, strange);
  const names = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('*', 'web-0', 'db-1', 'none') }, strange);
  const word = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('app', 'tier', 'app.kubernetes.io/name', 'web', 'db', 'web.v1', 'front', ''),
    },
    strange,
  );
  const requirement = fc.oneof(
    fc.tuple(word, fc.constantFrom('=', '==', '!=', ' = ', '>'), word).map((parts) => parts.join('')),
    fc
      .tuple(word, fc.constantFrom(' in ', ' notin '), fc.array(word, { maxLength: 3 }))
      .map(([key, operator, values]) => `${key}${operator}(${values.join(',')})`),
    word,
    word.map((key) => `!${key}`),
  );
  const selectors = fc.array(requirement, { maxLength: 3 }).map((requirements) => requirements.join(','));

  it('is answered by what a naive model says', async () => {
    await fc.assert(
      fc.asyncProperty(namespaces, names, selectors, async (namespace, name, selector) => {
        const answer = await askCustom({
          namespace: encodeURIComponent(namespace),
          name: encodeURIComponent(name),
          metric: 'k8s_pod_load',
          selector: encodeURIComponent(selector),
        });
        check(answer, expectedPods({ namespace, name, metric: 'k8s_pod_load', selector }), servedPods);
      }),
      { numRuns: 400 },
    );
    expect(cluster.wrongReads).toEqual([]);
  });

  it('reads of external metrics what a naive model says', async () => {
    const keys = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('queue', 'shard', 'cluster', 'nothing') }, strange);
    const values = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('orders', 'mail', 'a', 'c', 'other') }, strange);
    const conditions = fc.oneof(
      fc.tuple(keys, fc.constantFrom('=', '!='), values).map((parts) => parts.join('')),
      fc
        .tuple(keys, fc.constantFrom(' in ', ' notin '), fc.array(values, { minLength: 1, maxLength: 3 }))
        .map(([key, operator, list]) => `${key}${operator}(${list.join(',')})`),
      keys,
      keys.map((key) => `!${key}`),
    );
    await fc.assert(
      fc.asyncProperty(conditions, async (selector) => {
        // The rows that it chooses from have the cluster's name as a label.
        const selects = naiveSelector(selector);
        const found = selects === undefined ? [] : QUEUES.filter(({ labels }) => selects({ ...labels, cluster: 'c' }));
        const answer = await cluster.bed.get(
          `${EXTERNAL}/namespaces/shop/depth?labelSelector=${encodeURIComponent(selector)}`,
        );
        const expected = found.length === 0 ? undefined : found.map(({ value }) => String(value)).sort();
        check(answer, expected, servedQueues);
      }),
      { numRuns: 150 },
    );
    expect(cluster.wrongReads).toEqual([]);
  });
});
