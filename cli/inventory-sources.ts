import { Agent, request } from 'undici';
import type { AlertSnapshot } from '../alerting/alert-snapshot.ts';
import { currentAlerts, type ToldAlert } from '../alerting/api/current-alerts.ts';
import type { InventorySources } from '../query/inventory/inventory.ts';
import type { KnownSilence } from '../query/inventory/silences.ts';
import type { ScrapedTarget } from '../query/inventory/targets.ts';
import { QueryError } from '../query/query-result.ts';
import type { StatisticsReader } from '../storage/store-statistics.ts';
import type { PeerRoles } from './peer-roles.ts';

/** What this process knows itself. */
export interface OwnLists {
  readonly targets: () => readonly ScrapedTarget[];
  /** Pending and firing alerts, and those that are being told. */
  readonly alerts: () => readonly AlertSnapshot[];
  readonly told: () => readonly ToldAlert[];
  readonly silences: () => readonly KnownSilence[];
  /** Undefined where there is no store that tells of itself. */
  readonly statistics: StatisticsReader | undefined;
}

/** Bytes of an answer of another role at most. */
const MAX_BODY = 256 * 2 ** 20;

/** Where the lists come from: from this process, or from the roles that run elsewhere. Closing ends the connections to these. */
export function inventorySources(
  own: OwnLists,
  { alerting, collector }: PeerRoles,
): { readonly sources: InventorySources; close(): Promise<void> } {
  const agent = new Agent({ connections: 4 });
  const ask = <T>(role: keyof PeerRoles, url: string, signal: AbortSignal) => answerOf<T>({ role, url, agent, signal });
  const { statistics } = own;
  const sources: InventorySources = {
    async targets(signal) {
      if (collector === undefined) return own.targets();
      const url = `${base(collector)}/api/v1/targets?state=active`;
      return (await ask<{ activeTargets: ScrapedTarget[] }>('collector', url, signal)).activeTargets;
    },
    async alerts(signal) {
      if (alerting === undefined) return currentAlerts(own.alerts(), own.told());
      const [{ alerts }, told] = await Promise.all([
        ask<{ alerts: AlertSnapshot[] }>('alerting', `${base(alerting)}/api/v1/alerts`, signal),
        ask<ToldAlert[]>('alerting', `${base(alerting)}/api/v2/alerts`, signal),
      ]);
      return currentAlerts(alerts, told);
    },
    async silences(signal) {
      if (alerting === undefined) return own.silences();
      return ask<KnownSilence[]>('alerting', `${base(alerting)}/api/v2/silences`, signal);
    },
    ...(statistics && { cardinality: (limit, signal) => statistics.cardinality(limit, signal) }),
  };
  return { sources, close: () => agent.close() };
}

function base(url: string): string {
  return url.replace(/\/+$/, '');
}

interface Asking {
  readonly role: keyof PeerRoles;
  readonly url: string;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** The `data` of an answer, or all of one without an envelope. Rejects with a QueryError. */
async function answerOf<T>({ role, url, agent, signal }: Asking): Promise<T> {
  let text = '';
  let status: number;
  try {
    const { statusCode, body } = await request(url, { dispatcher: agent, signal });
    status = statusCode;
    body.setEncoding('utf8');
    for await (const chunk of body as AsyncIterable<string>) {
      text += chunk;
      if (text.length > MAX_BODY) throw new Error(`an answer must be at most ${MAX_BODY} bytes, got more`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new QueryError('unavailable', `the ${role} role cannot be reached: ${reason}`, { cause: error });
  }
  const answer = parsed(text);
  if (status !== 200 || answer === undefined) {
    throw new QueryError('unavailable', `the ${role} role answered ${status}: ${text.slice(0, 200)}`);
  }
  return (Array.isArray(answer) ? answer : (answer as { data: unknown }).data) as T;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
