import type { AlertIdentity, AlertLog } from '../../storage/alert-log.ts';
import type { DocumentLog, DocumentVersion } from '../../storage/document-log.ts';
import type { Labels } from '../../storage/labels.ts';
import type { LogPosition } from '../../storage/log-position.ts';
import type { NotificationLog } from '../../storage/notification-log.ts';
import { TRANSITIONS } from '../alert-history.ts';
import { fingerprint } from '../fingerprint.ts';
import type { Silence } from '../silences/silence.ts';
import { decodeSilence, SILENCE_KIND } from '../silences/silence-document.ts';
import { notificationJson, silenceVersionJson, timeText, transitionJson } from './history-json.ts';
import { type HistoryRange, positionText } from './history-parameters.ts';

export interface StoryDeps {
  readonly alertLog: Pick<AlertLog, 'find'>;
  readonly notificationLog: Pick<NotificationLog, 'find'>;
  readonly documentLog: Pick<DocumentLog, 'written' | 'versions'>;
  readonly externalLabels: Labels;
}

/** Something that happened to an alert, ready to be shown. */
export interface StoryEntry extends LogPosition {
  readonly json: object;
}

/** Versions of silences that are looked at. */
const MAX_SILENCES = 10_000;
/** Silences that are looked up by themselves because only their end is in the range. */
const MAX_LOOKUPS = 50;

/**
 * What happened to the alert, which receivers saw with one of the sets of labels: changes of its state, notifications about it, and
 * what was written about silences that match it. The newest first, one more than the range's limit if there is more.
 */
export async function alertStory(
  deps: StoryDeps,
  alert: {
    readonly alerts: readonly AlertIdentity[];
    readonly shown: readonly Labels[];
    readonly range: HistoryRange;
  },
  signal: AbortSignal,
): Promise<readonly StoryEntry[]> {
  const { alerts, shown, range } = alert;
  const fingerprints = shown.map(fingerprint);
  const some = { ...range, limit: range.limit + 1 };
  const [transitions, notifications, silences] = await Promise.all([
    deps.alertLog.find({ ...some, ...TRANSITIONS, alerts }, signal),
    deps.notificationLog.find({ ...some, fingerprint: fingerprints }, signal),
    silenceEntries(deps.documentLog, { shown, range }, signal),
  ]);
  const entries: StoryEntry[] = [
    ...transitions.map((event) => ({
      timestamp: event.timestamp,
      sequence: event.sequence,
      json: { kind: 'transition', ...transitionJson(event, deps.externalLabels) },
    })),
    ...notifications.map((event) => ({
      timestamp: event.timestamp,
      sequence: event.sequence,
      json: {
        kind: 'notification',
        said: fingerprints.some((one) => event.firing.includes(one)) ? 'firing' : 'resolved',
        ...notificationJson(event, fingerprints),
      },
    })),
    ...silences,
  ];
  entries.sort((a, b) => b.timestamp - a.timestamp || b.sequence - a.sequence);
  return entries.slice(0, some.limit);
}

async function silenceEntries(
  documentLog: StoryDeps['documentLog'],
  { shown, range }: { readonly shown: readonly Labels[]; readonly range: HistoryRange },
  signal: AbortSignal,
): Promise<readonly StoryEntry[]> {
  const { start, end, before } = range;
  const written = await documentLog.written(SILENCE_KIND, { start, end, limit: MAX_SILENCES }, signal);
  const matching = new Map<string, boolean>();
  const readable = written.map((version) => ({ version, silence: silenceOf(version) }));
  for (const { version, silence } of readable) {
    if (silence !== undefined && matches(silence, shown)) matching.set(version.id, true);
    else if (silence !== undefined && !matching.has(version.id)) matching.set(version.id, false);
  }
  let lookups = 0;
  for (const { version, silence } of readable) {
    if (silence !== undefined || matching.has(version.id) || lookups++ >= MAX_LOOKUPS) continue;
    const older = (await documentLog.versions(SILENCE_KIND, version.id, signal)).map(silenceOf);
    matching.set(
      version.id,
      older.some((one) => one !== undefined && matches(one, shown)),
    );
  }
  return readable.flatMap(({ version, silence }) => {
    const position = { timestamp: version.timestamp, sequence: version.version };
    const isBefore =
      before === undefined ||
      position.timestamp < before.timestamp ||
      (position.timestamp === before.timestamp && position.sequence < before.sequence);
    if (!isBefore || matching.get(version.id) !== true) return [];
    return [{ ...position, json: silenceEntry(version, silence) }];
  });
}

function silenceEntry(version: DocumentVersion, silence: Silence | undefined): object {
  return {
    kind: 'silence',
    position: positionText({ timestamp: version.timestamp, sequence: version.version }),
    time: timeText(version.timestamp),
    author: version.author,
    change: version.isDeleted ? 'deleted' : version.version === 1 ? 'created' : 'changed',
    ...(silence === undefined ? { id: version.id } : silenceVersionJson(silence)),
  };
}

/** Undefined for a version that says that it is gone, and for what cannot be read. */
function silenceOf({ body, isDeleted }: DocumentVersion): Silence | undefined {
  if (isDeleted) return undefined;
  try {
    return decodeSilence(body);
  } catch {
    return undefined;
  }
}

function matches({ matchers }: Silence, sets: readonly Labels[]): boolean {
  return sets.some((labels) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))));
}
