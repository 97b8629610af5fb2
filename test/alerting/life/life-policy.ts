/** How long a period of the policy is, and in how many consecutive ones it must be breached. */
export const PERIOD = 10_000;
export const PERIODS = 3;
/** How often it is told again while nothing changes: after this, then after twice as long each time, `LONGEST` at most. */
export const FIRST = 60_000;
export const LONGEST = 120_000;
/** Values below, between and above the thresholds of the policy. */
export const VALUES = { fine: 10, warn: 60, serious: 95, recovered: 12.5 } as const;
export const METRIC = 'life_temperature';
export const ID = 'life-of-a-policy';
export const NAME = 'LifeOfAPolicy';

/** The policy, as the JSON API takes it, about one node. */
export function lifePolicy(node: string): object {
  return {
    id: ID,
    name: NAME,
    description: 'A node that is too warm.',
    level: 'node',
    objects: { include: { node: [node] } },
    conditions: [
      {
        metric: METRIC,
        period: `${PERIOD / 1000}s`,
        statistic: 'avg',
        operator: 'gt',
        thresholds: { warn: 50, serious: 90 },
        periods: PERIODS,
      },
    ],
    notice: {
      receivers: ['life'],
      groupBy: ['...'],
      repeat: { kind: 'exponential', first: `${FIRST / 1000}s`, longest: `${LONGEST / 1000}s` },
    },
    labels: { team: 'life' },
    annotations: { temperature: '{{ $value }}' },
  };
}

/** The server's configuration: a webhook that is told of changes within seconds. */
export function lifeConfig(webhook: string): string {
  return `builtin_rules: false
notification:
  group_wait: 1s
  group_interval: 5s
  repeat_interval: 4h
  receivers:
    - name: life
      webhook_configs:
        - url: ${webhook}
`;
}

/** The last moment before now at which a period ended. */
export function periodEnd(now: number): number {
  return Math.floor(now / PERIOD) * PERIOD;
}
