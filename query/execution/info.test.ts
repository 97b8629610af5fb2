import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { createEngine } from '../engine.ts';

const never = new AbortController().signal;

describe('info over many instances', () => {
  it.each([3, 150])('joins %i of them, and no others', async (instances) => {
    const storage = createMemoryStorage();
    const add = async (labels: Record<string, string>) => {
      const refs = Uint32Array.of(storage.appender.acquire(Labels.from(labels)));
      const one = Float64Array.of(1);
      await storage.appender.append({
        length: 1,
        refs,
        timestamps: Float64Array.of(0),
        values: one,
        stale: new Uint8Array(1),
      });
    };
    for (let i = 0; i < instances; i++) await add({ __name__: 'up', job: 'a', instance: `10.0.0.${i}:80` });
    // Two that are equally new: an error if anything were joined with them.
    await add({ __name__: 'target_info', job: 'a', instance: 'elsewhere', version: '1' });
    await add({ __name__: 'target_info', job: 'a', instance: 'elsewhere', version: '2' });
    for (let i = 0; i < instances; i++) {
      await add({ __name__: 'target_info', job: 'a', instance: `10.0.0.${i}:80`, version: `v${i}` });
    }
    const engine = createEngine({ querier: storage.querier, features: new Set(['promql-experimental-functions']) });
    const { value } = await engine.instant({ expr: 'info(up)', time: 0 }, never);
    const samples = value.type === 'vector' ? value.samples : [];
    expect(samples).toHaveLength(instances);
    for (const { labels } of samples) {
      expect(labels.get('version')).toBe(labels.get('instance').replace(/^10\.0\.0\.(\d+):80$/, 'v$1'));
    }
  });
});
