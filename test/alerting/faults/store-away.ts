import { type Check, seconds } from '../../kubernetes/faults/fault.ts';
import { pause } from '../life/steps.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import { HIGH, LEVEL, LOW } from './gauge-target.ts';
import { StoreServer } from './store-server.ts';
import { checksOf } from './verdict.ts';

/** What was collected meanwhile has to be stored, then read; and no alert of a rule ends for a minute, so that none ends because of it. */
const WITHIN = 90_000;
const PERIOD = 10_000;
const POLICY = `policies:
- id: level
  name: Level
  level: node
  conditions:
  - {metric: ${LEVEL}, period: ${PERIOD / 1000}s, statistic: min, operator: gt, threshold: ${HIGH / 2}, periods: 1}
`;

/** What must be told before the store is back: this process alone writes what the rule and the policy read. */
const MEANWHILE = [
  'Faulty/begins-while-away firing',
  'Faulty/ends-while-away resolved',
  'Level/ends-while-away resolved',
  'Level/within firing',
  'Level/within resolved',
];

interface Found {
  readonly events: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
}

/**
 * The ClickHouse server is killed, and started after minutes. Alerts that fire when it goes must not end because of it; what
 * begins or ends meanwhile must be told meanwhile, from memory; and all of that must be in the history when it is back.
 */
export const storeAway: AlertFault = {
  name: 'store-away',
  about: 'the ClickHouse server is killed and comes back after minutes, while alerts fire',
  async run(surroundings) {
    const { storeAway: away, say } = surroundings;
    const store = new StoreServer(surroundings);
    await store.start();
    const bed = new AlertBed(surroundings);
    await bed.open();
    const { target, receiver } = bed;
    try {
      const server = await bed.server({ clickhouse: store.url, policies: POLICY });
      for (const id of ['stays', 'ends-while-away', 'ends-afterwards']) target.fire(id, 'before');
      target.level('stays', HIGH);
      target.level('ends-while-away', HIGH);
      target.level('within', LOW);
      await bed.until(() => receiver.knows('Faulty/stays', 'firing') && receiver.knows('Level/stays', 'firing'));
      // By then a server that is alone knows that it is.
      await pause(40_000);
      const goneAt = Date.now();
      await store.kill();
      await pause(away / 4);
      target.fire('begins-while-away', 'new');
      target.end('ends-while-away');
      target.level('ends-while-away', LOW);
      target.level('within', HIGH);
      await pause(away / 4);
      target.level('within', LOW);
      await pause(away / 2);
      const meanwhile = receiver.told.filter(({ at }) => at > goneAt).flatMap(({ alerts }) => alerts);
      const toldMeanwhile = [...new Set(meanwhile.map(({ id, status }) => `${id} ${status}`))];
      say(`told while the store was away: ${toldMeanwhile.join(', ') || 'nothing'}`);
      const healed = Date.now();
      await store.start();
      await bed.settle({ healed });
      const levels = () => ['firing', 'resolved'].every((status) => receiver.knows('Level/within', status as 'firing'));
      const isLevelEnd = () => receiver.knows('Level/ends-while-away', 'resolved');
      await bed.until(isLevelEnd);
      await bed.until(
        () => receiver.knows('Level/within', 'resolved') || receiver.knows('Level/within', 'firing'),
        20_000,
      );
      const falseLevel = receiver.knows('Level/stays', 'resolved');
      await bed.until(async () => (await server.metric('pharos_notification_log_pending')) === 0, 20_000);
      target.endAll();
      target.level('stays', LOW);
      const found = await bed.settle({ healed });
      await bed.until(() => receiver.knows('Level/stays', 'resolved'));
      const history = await server.get<Found>('/api/v1/alerts/history?limit=1000');
      const wanted = ['stays', 'ends-while-away', 'ends-afterwards', 'begins-while-away'];
      const has = (id: string, state: string): boolean =>
        history.events.some(
          (entry) => entry.labels.alertname === 'Faulty' && entry.labels.id === id && entry.state === state,
        );
      const missing = wanted.filter((id) => !has(id, 'firing') || !has(id, 'inactive'));
      const checks: Check[] = [
        ...checksOf(found, { within: WITHIN }),
        {
          what: 'the policy ends no alert because of it, and tells the end that came meanwhile',
          good: !falseLevel && isLevelEnd(),
          found: `an alert that began and ended meanwhile ${levels() ? 'was told' : receiver.knows('Level/within', 'resolved') ? 'was told when it had ended' : 'was not told'}`,
        },
        {
          what: 'all of it is in the history',
          good: missing.length === 0,
          found: missing.length === 0 ? `${history.events.length} changes` : `missing ${missing.join(', ')}`,
        },
        {
          what: 'alerts go on while it is away',
          good: MEANWHILE.every((change) => toldMeanwhile.includes(change)),
          found: `${toldMeanwhile.join(', ') || 'nothing'}, in ${seconds(away)}`,
        },
      ];
      return checks;
    } finally {
      await bed.close();
      await store.stop();
    }
  },
};
