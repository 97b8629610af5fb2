import type { ScrapeConfig } from '../../scrape/scrape-config.ts';
import type { OperatorObject } from '../objects.ts';
import { type Conversion, type ConversionContext, ObjectReading } from './conversion.ts';
import { FieldError, Fields } from './fields.ts';
import { readPodMonitor } from './pod-monitor.ts';
import { readProbe } from './probe.ts';
import { readScrapeConfig } from './scrape-config-object.ts';
import { readServiceMonitor } from './service-monitor.ts';

/** The resources that become jobs, in the order of the jobs. */
export const MONITOR_RESOURCES = ['servicemonitors', 'podmonitors', 'probes', 'scrapeconfigs'] as const;

export type MonitorResource = (typeof MONITOR_RESOURCES)[number];

const READERS: Readonly<Record<MonitorResource, (spec: Fields, reading: ObjectReading) => readonly ScrapeConfig[]>> = {
  servicemonitors: readServiceMonitor,
  podmonitors: readPodMonitor,
  probes: readProbe,
  scrapeconfigs: readScrapeConfig,
};

/** Fields to name in one note; a newer operator's object may have many. */
const MAX_NAMED = 5;

/**
 * The jobs of an object of Prometheus Operator, as the operator would configure Prometheus for it. The same input gives
 * deeply equal jobs. Never throws: an object that is wrong is refused whole, with what is wrong first.
 */
export function convertObject(
  resource: MonitorResource,
  object: OperatorObject,
  context: ConversionContext,
): Conversion {
  const reading = new ObjectReading(object, context);
  const { references, notes } = reading;
  try {
    const spec = new Fields(object.spec, 'spec');
    const jobs = READERS[resource](spec, reading);
    const unread = spec.unread();
    if (unread.length > 0) {
      const named = unread.slice(0, MAX_NAMED).join(', ');
      const more = unread.length > MAX_NAMED ? ` and ${unread.length - MAX_NAMED} more` : '';
      reading.note(`not known here, and so without effect: ${named}${more}`);
    }
    if (reading.problem !== undefined) {
      return { references, notes, outcome: { kind: 'refused', problem: reading.problem } };
    }
    return { references, notes, outcome: reading.isPending ? { kind: 'pending' } : { kind: 'jobs', jobs } };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { references, notes, outcome: { kind: 'refused', problem: error.message } };
  }
}
