import { type Check, inTime } from '../../kubernetes/faults/fault.ts';
import { pause } from '../life/steps.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import type { AlertServer } from './alert-server.ts';
import { HIGH, LEVEL, LOW } from './gauge-target.ts';

const PERIOD = 10_000;
/** For `alert`: after how long without a value. */
const AFTER = 20_000;
const WITHIN = 90_000;
const MODES = ['keep', 'alert', 'ok'] as const;

const POLICIES = `policies:
${MODES.map(
  (mode) => `- id: ${mode}
  name: Level-${mode}
  level: node
  conditions:
  - {metric: ${LEVEL}, period: ${PERIOD / 1000}s, operator: gt, threshold: ${HIGH / 2}, periods: 1}
  no_data: {mode: ${mode}${mode === 'alert' ? `, after: ${AFTER / 1000}s, severity: serious` : ''}}
`,
).join('')}`;

interface State {
  readonly notFine: readonly {
    readonly object: { readonly node?: string };
    readonly state: string;
    readonly firing: boolean;
    readonly severity: string;
  }[];
}

/**
 * The target of an object whose alert fires, and of one that is fine, refuses connections. What becomes of the alert is what the policy
 * says, and is seen in what the receiver is told and in the policy's state.
 */
export const vanishedTarget: AlertFault = {
  name: 'vanished-target',
  about: 'a target vanishes while its alert fires, for policies with each mode of no_data',
  async run(surroundings) {
    const bed = new AlertBed(surroundings);
    await bed.open();
    try {
      const { target, receiver } = bed;
      target.level('hot', HIGH);
      target.level('fine', LOW);
      const server = await bed.server({ policies: POLICIES });
      const knows = (mode: string, node: string, status: 'firing' | 'resolved') =>
        receiver.knows(`Level-${mode}/${node}`, status);
      await bed.until(() => MODES.every((mode) => knows(mode, 'hot', 'firing')));
      const toldBefore = receiver.told.length;
      await target.vanish();
      const gone = Date.now();
      const since = async (holds: () => boolean | Promise<boolean>): Promise<number | undefined> =>
        (await bed.until(holds, WITHIN)) ? Date.now() - gone : undefined;
      const unknown = await since(async () => (await shown(server, 'keep', 'hot')).includes('noData'));
      const alertOfFine = await since(() => knows('alert', 'fine', 'firing'));
      const okEnds = await since(() => knows('ok', 'hot', 'resolved'));
      await pause(2 * PERIOD);
      const states = Object.fromEntries(
        await Promise.all(MODES.map(async (mode) => [mode, await shown(server, mode, 'hot')] as const)),
      );
      const said = (mode: string, node: string): string =>
        receiver.told
          .slice(toldBefore)
          .flatMap(({ alerts }) => alerts)
          .filter(({ id }) => id === `Level-${mode}/${node}`)
          .map(
            ({ status, annotations }) =>
              `${status}${annotations.no_data === undefined ? '' : ` (${annotations.no_data})`}`,
          )
          .at(-1) ?? 'nothing new';
      const heard = { keep: said('keep', 'hot'), alert: said('alert', 'fine'), ok: said('ok', 'hot') };
      const keptSilently = knows('keep', 'hot', 'resolved') || knows('alert', 'hot', 'resolved');
      target.level('hot', LOW);
      await target.start();
      const recovered = await bed.until(
        () => MODES.every((mode) => knows(mode, 'hot', 'resolved')) && knows('alert', 'fine', 'resolved'),
        WITHIN,
      );
      const noData = [
        ...new Set(
          receiver.told.flatMap(({ alerts }) =>
            alerts.filter(({ annotations }) => annotations.no_data !== undefined).map(({ id }) => id),
          ),
        ),
      ];
      const checks: Check[] = [
        {
          ...inTime('keep: the state says noData and the alert stays', unknown, WITHIN),
          found: `state ${states.keep}; told ${heard.keep}`,
        },
        {
          ...inTime('alert: that there is no value is an alert of its own', alertOfFine, WITHIN),
          found: `state of the one that fired ${states.alert}; told ${heard.alert}`,
        },
        {
          ...inTime('ok: it ends, and that is told', okEnds, WITHIN),
          found: `state ${states.ok || 'fine'}; told ${heard.ok}`,
        },
        { what: 'no alert of keep and alert ends while nobody knows', good: !keptSilently, found: '' },
        { what: 'the lack of data is told', good: noData.includes('Level-alert/fine'), found: noData.join(', ') },
        { what: 'all end when the target is back and fine', good: recovered, found: '' },
      ];
      return checks;
    } finally {
      await bed.close();
    }
  },
};

/** What the policy's state says of a node; '' when it is fine. */
async function shown(server: AlertServer, policy: string, node: string): Promise<string> {
  const { notFine } = await server.get<State>(`/api/v1/policies/${policy}/state`);
  return notFine
    .filter(({ object }) => object.node === node)
    .map(({ state, firing, severity }) => `${state} ${severity}${firing ? ' firing' : ''}`)
    .join(' and ');
}
