import { describe, expect, it } from 'vitest';
import { MINUTE, type PolicyBed, START, series, started } from './policy-bed.case.ts';

const NO_DATA = { after: 3 * MINUTE, severity: 'serious' } as const;
/** What the watch says of a pod whether or not its kubelet answers. */
const WATCHED = series({ __name__: 'k8s_pod_status_ready' });
const GONE = Number.NaN;

/** Minutes in which the watch knows the pod, with these values of the metric (undefined: none). */
async function watched(bed: PolicyBed, values: readonly (number | undefined)[], labels = series()): Promise<void> {
  for (const value of values)
    await bed.minute([[WATCHED, 1], ...(value === undefined ? [] : [[labels, value] as const])]);
}

describe('a target that vanishes', () => {
  it('keep: the alert stays as it was, and says that nobody knows', async () => {
    const bed = await started({ noData: { mode: 'keep', ...NO_DATA } });
    await watched(bed, [95, undefined, undefined, undefined, undefined]);
    expect(await bed.transitions()).toEqual([[1, 'firing warn']]);
    expect(bed.object).toMatchObject({ state: 'noData', firing: true, value: Number.NaN, noDataSince: START + MINUTE });
    expect(bed.engine.snapshots()[0]).toMatchObject({ noData: 1, firing: 1 });
    const [alert] = bed.told;
    expect(alert).toMatchObject({ status: 'firing', subject: { value: Number.NaN } });
    expect(alert!.annotations.get('no_data')).toBe('no value since 2026-03-02T12:01:00.000Z');
    expect(alert!.annotations.get('summary')).toContain(
      'no value of "CPU in use, of its limit" since 2026-03-02T12:01:00.000Z',
    );
    await watched(bed, [95]);
    expect(bed.object).toMatchObject({ state: 'firing', value: 95, noDataSince: 0 });
    expect(bed.told[0]!.annotations.has('no_data')).toBe(false);
    await watched(bed, [10]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing warn'],
      [7, 'inactive warn'],
    ]);
  });

  it('ok: the alert ends, and says that it is because there is no value', async () => {
    const bed = await started({ noData: { mode: 'ok', ...NO_DATA } });
    await watched(bed, [95, undefined]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing warn'],
      [2, 'inactive warn'],
    ]);
    const [alert] = bed.told;
    expect(alert).toMatchObject({ status: 'resolved', subject: { value: Number.NaN } });
    expect(alert!.annotations.get('no_data')).toBe('no value since 2026-03-02T12:01:00.000Z');
    expect(alert!.annotations.get('description')).toContain('nobody knows its state');
  });

  it('ok: a period without a value is one that is not breached', async () => {
    const bed = await started({ noData: { mode: 'ok', ...NO_DATA }, conditions: [{ periods: 2 }] });
    await watched(bed, [95, undefined, 95, undefined, 95]);
    expect(await bed.transitions()).toEqual([]);
  });

  it('alert: after its delay it is an alert of its own, by the same name', async () => {
    const bed = await started({ noData: { mode: 'alert', ...NO_DATA } });
    await watched(bed, [10, undefined, undefined]);
    expect(bed.told).toEqual([]);
    await watched(bed, [undefined]);
    expect(await bed.transitions()).toEqual([[4, 'firing serious']]);
    const [alert] = bed.told;
    expect(alert!.labels.get('alertname')).toBe('PodCpu');
    expect(alert!.annotations.get('no_data')).toContain('no value since');
    expect(bed.object).toMatchObject({ state: 'noData', firing: true, severity: 'serious' });
    await watched(bed, [20]);
    expect(bed.told).toMatchObject([{ status: 'resolved', subject: { value: 20 } }]);
  });

  it('alert: one that fires goes on, and is at least as bad', async () => {
    const bed = await started({ noData: { mode: 'alert', ...NO_DATA } });
    await watched(bed, [95, undefined, undefined, undefined, 95]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing warn'],
      [4, 'firing serious'],
      [5, 'firing warn'],
    ]);
    expect(new Set(bed.rounds.flat().map(({ key }) => key)).size).toBe(1);
  });

  it('is one too when its series end while the pod is there: its kubelet does not answer', async () => {
    const bed = await started({ noData: { mode: 'keep', ...NO_DATA } });
    await watched(bed, [95, GONE, undefined, undefined]);
    expect(await bed.transitions()).toEqual([[1, 'firing warn']]);
    expect(bed.object).toMatchObject({ state: 'noData', firing: true });
  });

  it('is one too when `up` is 0', async () => {
    const bed = await started({ conditions: [{ metric: 'm' }], noData: { mode: 'alert', ...NO_DATA } });
    const scraped = series({ __name__: 'm', job: 'j', instance: 'i' });
    const up = { __name__: 'up', cluster: 'c', job: 'j', instance: 'i' };
    await bed.minute([
      [scraped, 10],
      [up, 1],
    ]);
    for (const value of [GONE, undefined, undefined, undefined]) {
      await bed.minute([[up, 0], ...(value === undefined ? [] : [[scraped, value] as const])]);
    }
    expect(await bed.transitions()).toEqual([[4, 'firing serious']]);
  });

  it('is one too when nothing at all is told of any more', async () => {
    const bed = await started({ noData: { mode: 'alert', ...NO_DATA } });
    await watched(bed, [10]);
    await bed.minutes(Array.from({ length: 15 }, () => undefined));
    expect(await bed.transitions()).toEqual([[4, 'firing serious']]);
    expect(bed.told).toMatchObject([{ status: 'firing' }]);
  });
});

describe('an object that is no more', () => {
  it('ends its alert, and says so, whatever the mode', async () => {
    for (const mode of ['ok', 'keep', 'alert'] as const) {
      const bed = await started({ noData: { mode, ...NO_DATA } });
      await watched(bed, [95]);
      await bed.minute([
        [WATCHED, GONE],
        [series(), GONE],
      ]);
      await bed.minutes(Array.from({ length: 10 }, () => undefined));
      expect(await bed.transitions()).toEqual([
        [1, 'firing warn'],
        [2, 'inactive warn'],
      ]);
      const last = bed.rounds.at(-1)![0]!;
      expect(last).toMatchObject({ status: 'resolved', subject: { value: Number.NaN } });
      expect(last.annotations.get('summary')).toBe('Pod shop/cart-1 (cluster c): is no more');
      expect(last.annotations.has('no_data')).toBe(false);
      await bed.stop();
    }
  });

  it('does not fire by samples from before its end', async () => {
    const bed = await started({ conditions: [{ periods: 2 }] });
    await watched(bed, [95]);
    await bed.put(series(), [
      [START + 65_000, 99],
      [START + 70_000, GONE],
    ]);
    await bed.minute([[WATCHED, GONE]]);
    expect(await bed.transitions()).toEqual([]);
    expect(bed.object).toBeUndefined();
  });

  it('is told by a stale marker where nothing else tells', async () => {
    const bed = await started({ conditions: [{ metric: 'm' }] });
    const recorded = series({ __name__: 'm' });
    await bed.minutes([95, GONE, undefined], recorded);
    expect((await bed.transitions()).map(([, what]) => what)).toEqual(['firing warn', 'inactive warn']);
  });

  it('is told by what is said of the others, when it went while nobody looked', async () => {
    const bed = await started();
    const other = series({ __name__: 'k8s_pod_status_ready', pod: 'cart-2' });
    await watched(bed, [95]);
    await bed.minutes(Array.from({ length: 10 }, () => undefined));
    expect(bed.object).toMatchObject({ firing: true, state: 'noData' });
    for (let i = 0; i < 3; i++) await bed.minute([[other, 1]]);
    expect(bed.object).toMatchObject({ firing: true });
    for (let i = 0; i < 3; i++) await bed.minute([[other, 1]]);
    expect(bed.object).toBeUndefined();
  });

  it('is told of a container by its pod, which is measured on', async () => {
    const bed = await started({ level: 'container', conditions: [{ metric: 'k8s_container_cpu_core_used' }] });
    const init = series({ __name__: 'k8s_container_cpu_core_used', container: 'init', container_id: '1' });
    const pod = series({ __name__: 'k8s_pod_cpu_core_used' });
    await bed.minute([
      [WATCHED, 1],
      [pod, 1],
      [init, 95],
    ]);
    // Its kubelet does not answer.
    await bed.minute([
      [WATCHED, 1],
      [pod, GONE],
      [init, GONE],
    ]);
    expect(bed.object).toMatchObject({ firing: true, state: 'noData' });
    await bed.minute([
      [WATCHED, 1],
      [pod, 1],
      [init, 95],
    ]);
    expect(bed.object).toMatchObject({ firing: true, state: 'firing' });
    await bed.minute([
      [WATCHED, 1],
      [pod, 1],
      [init, GONE],
    ]);
    expect(bed.object).toBeUndefined();
    expect(bed.told[0]!.annotations.get('summary')).toBe('Container shop/cart-1/init (cluster c): is no more');
  });

  it('may come again', async () => {
    const bed = await started({ noData: { mode: 'alert', ...NO_DATA } });
    await watched(bed, [10]);
    await bed.minute([
      [WATCHED, GONE],
      [series(), GONE],
    ]);
    await bed.minutes([undefined, undefined, undefined]);
    await watched(bed, [95, undefined, undefined, undefined]);
    expect(await bed.transitions()).toEqual([
      [6, 'firing warn'],
      [9, 'firing serious'],
    ]);
  });
});
