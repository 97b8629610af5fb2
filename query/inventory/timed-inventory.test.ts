import { expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { createTimedInventory } from './timed-inventory.ts';

const NOW = 1_000_000_000;

it('tells what was, and keeps it', async () => {
  const asked: number[] = [];
  const inventory = createTimedInventory({
    query: async (expr, time) => {
      if (expr === 'kube_pod_info') asked.push(time);
      const labels = Labels.from({ namespace: 'shop', pod: `at-${time}` });
      return { samples: expr === 'kube_pod_info' ? [{ labels, value: 1 }] : [] };
    },
    now: () => NOW,
  });
  const pods = async (parameters: string) =>
    (await inventory('pods', new URLSearchParams(parameters))).items.map(({ pod }) => pod);
  expect(await pods('time=500.5')).toEqual(['at-500500']);
  expect(await pods('time=500.5&filter=at')).toEqual(['at-500500']);
  expect(await pods('time=')).toEqual([`at-${NOW}`]);
  expect(asked).toEqual([500_500, NOW]);
  await expect(pods('time=soon')).rejects.toThrow(
    'invalid parameter "time": time must be in seconds since 1970, got "soon"',
  );
  await expect(inventory('alerts', new URLSearchParams('time=5'))).rejects.toThrow(
    'invalid parameter "time": alerts are listed as they are now only, got "5"',
  );
});

it('knows the cluster without a name', async () => {
  const inventory = createTimedInventory({
    query: async (expr) => {
      const samples = ['', 'east'].map((cluster) => ({
        labels: Labels.from({ cluster, pod: `of-${cluster}` }),
        value: 1,
      }));
      return { samples: expr === 'kube_pod_info' ? samples : [] };
    },
    now: () => NOW,
  });
  const pods = async (parameters: string) =>
    (await inventory('pods', new URLSearchParams(parameters))).items.map(({ pod }) => pod);
  expect(await pods('cluster=-')).toEqual(['of-']);
  expect(await pods('cluster=-&cluster=east')).toEqual(['of-', 'of-east']);
  expect(await pods('cluster=')).toEqual(['of-', 'of-east']);
});
