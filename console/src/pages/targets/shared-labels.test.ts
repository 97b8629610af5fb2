import { expect, test } from 'vitest';
import { ownLabels, sharedLabels } from './shared-labels.ts';

const target = (job: string, labels: Readonly<Record<string, string>>) => ({
  job,
  labels: { instance: 'one:80', job, ...labels },
});

const web = [
  target('pods', { cluster: 'east', namespace: 'shop', pod: 'web-1' }),
  target('pods', { cluster: 'east', namespace: 'shop', pod: 'web-2' }),
];

test('what all targets of a job have is shared, the rest is their own', () => {
  const shared = sharedLabels(web);
  expect(shared).toEqual([
    {
      job: 'pods',
      targets: 2,
      labels: [
        ['cluster', 'east'],
        ['namespace', 'shop'],
      ],
    },
  ]);
  expect(web.map((one) => ownLabels(one, shared))).toEqual([[['pod', 'web-1']], [['pod', 'web-2']]]);
});

test('a label that one of them lacks, or has with another value, is not shared', () => {
  const shared = sharedLabels([...web, target('pods', { cluster: 'west', pod: 'web-3' })]);
  expect(shared).toEqual([]);
  expect(ownLabels(web[0]!, shared)).toHaveLength(3);
});

test('one target alone shares nothing, and what another job shares is nothing to it', () => {
  const alone = target('api', { cluster: 'east' });
  const shared = sharedLabels([...web, alone]);
  expect(shared.map(({ job }) => job)).toEqual(['pods']);
  expect(ownLabels(alone, shared)).toEqual([['cluster', 'east']]);
});
