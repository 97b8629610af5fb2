import { describe, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { compileRelabel, RELABEL_DEFAULTS } from '../relabel.ts';
import { isOwn, type Shard } from '../shard.ts';
import type { ScrapeConfig, TargetGroup } from './scrape-config.ts';
import type { BuildContext } from './target.ts';
import { type TargetChanges, TargetSet } from './target-set.ts';

const CONFIG: ScrapeConfig = {
  jobName: 'j',
  scrapeInterval: 15_000,
  scrapeTimeout: 10_000,
  metricsPath: '/metrics',
  scheme: 'http',
  params: {},
  honorLabels: false,
  honorTimestamps: true,
  trackTimestampsStaleness: false,
  enableCompression: true,
  bodySizeLimit: 0,
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
  targetLimit: 0,
  keepDroppedTargets: 0,
  client: PLAIN_HTTP_CLIENT,
  discovery: [],
  relabelConfigs: [{ ...RELABEL_DEFAULTS, action: 'drop', sourceLabels: ['drop'], regex: 'yes' }],
  metricRelabelConfigs: [],
  scrapeFallbackProtocol: undefined,
};

/** Counts what is relabelled: the targets that were looked at. */
function context(options: { readonly shard?: Shard; readonly config?: Partial<ScrapeConfig> } = {}) {
  const config = { ...CONFIG, ...options.config };
  const relabel = compileRelabel(config.relabelConfigs);
  const looked = { at: 0 };
  const counted: BuildContext = {
    config,
    shard: options.shard,
    relabel(labels) {
      looked.at++;
      return relabel(labels);
    },
  };
  return { context: counted, looked };
}

let sources = 0;
function group(targets: TargetGroup['targets'], labels: Record<string, string> = {}): TargetGroup {
  return { targets, labels, source: `s${sources++}` };
}

const instances = ({ removed, changed, added }: TargetChanges): unknown => ({
  removed: removed.map((key) => /instance\\",\\"([^\\]*)/.exec(key)![1]),
  changed: changed.map(({ labels }) => labels.get('instance')),
  added: added.map(({ labels }) => labels.get('instance')),
});

describe('a set of targets', () => {
  it('looks only at groups that are new', () => {
    const { context: counted, looked } = context();
    const set = new TargetSet(counted);
    const groups = Array.from({ length: 100 }, (_, i) => group([`a${i}:1`]));
    expect(set.update(groups).added).toHaveLength(100);
    expect(looked.at).toBe(100);
    const next = [...groups.slice(1), group(['b:1'])];
    expect(instances(set.update(next))).toEqual({ removed: ['a0:1'], changed: [], added: ['b:1'] });
    expect(looked.at).toBe(101);
    expect(instances(set.update([...next].reverse()))).toEqual({ removed: [], changed: [], added: [] });
    expect(set.size).toBe(100);
  });

  it('tells of a target that has only changed before relabelling', () => {
    const set = new TargetSet(context().context);
    const other = group(['b:1']);
    set.update([group(['a:1'], { __meta_phase: 'Pending' }), other]);
    const changes = set.update([group(['a:1'], { __meta_phase: 'Running' }), other]);
    expect(instances(changes)).toEqual({ removed: [], changed: ['a:1'], added: [] });
    expect(changes.changed[0]!.discoveredLabels.get('__meta_phase')).toBe('Running');
  });

  it('has a target as long as one of several groups has it', () => {
    const set = new TargetSet(context().context);
    const [first, second, third] = ['1', '2', '3'].map((i) => group(['a:1'], { __meta_group: i }));
    expect(set.update([first!, second!, third!]).added[0]!.discoveredLabels.get('__meta_group')).toBe('1');
    expect(instances(set.update([first!, third!]))).toEqual({ removed: [], changed: [], added: [] });
    const { changed } = set.update([third!]);
    expect(changed.map(({ discoveredLabels }) => discoveredLabels.get('__meta_group'))).toEqual(['3']);
    expect(instances(set.update([]))).toEqual({ removed: ['a:1'], changed: [], added: [] });
    expect(set.size).toBe(0);
    expect(instances(set.update([second!]))).toEqual({ removed: [], changed: [], added: ['a:1'] });
  });

  it('takes a group twice in the list for one', () => {
    const set = new TargetSet(context().context);
    const twice = group(['a:1']);
    set.update([twice, twice, group(['b:1'])]);
    expect(instances(set.update([twice, twice]))).toEqual({ removed: ['b:1'], changed: [], added: [] });
    expect(instances(set.update([twice]))).toEqual({ removed: [], changed: [], added: [] });
  });

  it('counts what is dropped and what fails as long as it is there', () => {
    const set = new TargetSet(context().context);
    const dropped = group(['a:1', { __address__: 'b:1', drop: 'no' }], { drop: 'yes' });
    const failing = group(['a b', 'c:1']);
    set.update([dropped, failing]);
    expect([set.size, set.droppedCount, set.failureCount]).toEqual([2, 1, 1]);
    expect([...set.dropped()].map((labels) => labels.get('__address__'))).toEqual(['a:1']);
    expect([...set.failures()]).toEqual(['"a b": the address must be host or host:port, got "a b"']);
    set.update([]);
    expect([set.size, set.droppedCount, set.failureCount]).toEqual([0, 0, 0]);
  });

  it('builds every group anew after another configuration', () => {
    const set = new TargetSet(context().context);
    const groups = [group(['a:1']), group(['b:1'], { drop: 'yes' })];
    set.update(groups);
    set.reconfigure(context({ config: { relabelConfigs: [], scrapeInterval: 30_000 } }).context);
    const changes = set.update(groups);
    expect(instances(changes)).toEqual({ removed: [], changed: ['a:1'], added: ['b:1'] });
    expect(changes.changed[0]!.scrapeInterval).toBe(30_000);
    expect(set.droppedCount).toBe(0);
  });

  it('has only the targets of its shard, and says nothing of the others', () => {
    const groups = Array.from({ length: 300 }, (_, i) => group([`a${i}:1`]));
    const shards = [0, 1, 2].map((index) => ({ index, count: 3 }));
    const keys = shards.map((shard) => {
      const set = new TargetSet(context({ shard }).context);
      const { added } = set.update(groups);
      expect(added.every(({ key }) => isOwn(shard, key))).toBe(true);
      expect([set.droppedCount, set.failureCount]).toEqual([0, 0]);
      return added.map(({ key }) => key);
    });
    for (const list of keys) expect(list.length).toBeGreaterThan(70);
    expect(new Set(keys.flat()).size).toBe(300);
    expect(keys.flat()).toHaveLength(300);
  });
});
