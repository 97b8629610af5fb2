import { Button, Code, Group, Text, Timeline } from '@mantine/core';
import { useState } from 'react';
import { StatusBadge } from '../../app/status-badge.tsx';
import { AlertStateBadges, SeverityBadge } from './alert-badges.tsx';
import { type AlertLabels, parseValue } from './current-alerts.ts';
import { matcherText, type SilenceMatcher } from './silence.ts';

/** A change of the alert's state. Times are RFC 3339. */
export interface Changed {
  readonly kind: 'transition';
  readonly time: string;
  readonly state: 'pending' | 'firing' | 'inactive';
  readonly value: string;
  readonly labels: AlertLabels;
  readonly annotations: AlertLabels;
}

interface Told {
  readonly kind: 'notification';
  readonly time: string;
  readonly said: 'firing' | 'resolved';
  readonly receiver: string;
  readonly integration?: string;
  readonly outcome: 'delivered' | 'refused' | 'failed';
  readonly error?: string;
  readonly attempts?: number;
}

interface Silenced {
  readonly kind: 'silence';
  readonly time: string;
  readonly change: 'created' | 'changed' | 'deleted';
  readonly id: string;
  readonly matchers?: readonly SilenceMatcher[];
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly createdBy?: string;
  readonly comment?: string;
}

/** Something that happened to an alert. */
export type StoryEntry = Changed | Told | Silenced;

const FIRST = 12;
const STATE_COLOURS = { pending: 'yellow', firing: 'red', inactive: 'green' } as const;

/** All of one alert, the newest first: its states with values, who was told, and what silences it. */
export function AlertStory({ entries }: { readonly entries: readonly StoryEntry[] }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? entries : entries.slice(0, FIRST);
  return (
    <>
      <Timeline bulletSize={14} lineWidth={2} active={shown.length}>
        {shown.map((entry, i) => (
          <Timeline.Item
            key={`${entry.time} ${entry.kind} ${i}`}
            color={colourOf(entry)}
            title={<Title entry={entry} />}
          >
            <Text size="xs" c="dimmed">
              {new Date(entry.time).toLocaleString()}
            </Text>
            <Detail entry={entry} />
          </Timeline.Item>
        ))}
      </Timeline>
      {shown.length < entries.length && (
        <Button variant="default" mt="sm" onClick={() => setIsWhole(true)}>
          Show all {entries.length}
        </Button>
      )}
    </>
  );
}

function Title({ entry }: { readonly entry: StoryEntry }) {
  switch (entry.kind) {
    case 'transition':
      return (
        <Group gap={6}>
          <AlertStateBadges state={entry.state} />
          <SeverityBadge severity={entry.labels.severity} />
          <Text size="sm">{valueText(entry.value)}</Text>
        </Group>
      );
    case 'notification':
      return (
        <Text size="sm">
          {entry.receiver} {entry.outcome === 'delivered' ? 'was told' : 'was to be told'} that it{' '}
          {entry.said === 'firing' ? 'fires' : 'is resolved'}
        </Text>
      );
    default:
      return <Text size="sm">A silence was {entry.change}</Text>;
  }
}

function Detail({ entry }: { readonly entry: StoryEntry }) {
  switch (entry.kind) {
    case 'transition':
      return entry.annotations.summary === undefined ? null : <Text size="sm">{entry.annotations.summary}</Text>;
    case 'notification':
      return (
        <Group gap={6}>
          <StatusBadge status={entry.outcome} tone={entry.outcome === 'delivered' ? 'good' : 'bad'} />
          {entry.integration !== undefined && (
            <Text size="xs" c="dimmed">
              {entry.integration}
            </Text>
          )}
          {entry.error !== undefined && entry.error !== '' && <Text size="xs">{entry.error}</Text>}
        </Group>
      );
    default:
      return (
        <>
          <Text size="sm">
            {entry.comment} {entry.createdBy !== undefined && <i>– {entry.createdBy}</i>}
          </Text>
          {entry.endsAt !== undefined && (
            <Text size="xs" c="dimmed">
              until {new Date(entry.endsAt).toLocaleString()}
            </Text>
          )}
          {entry.matchers !== undefined && (
            <Code style={{ overflowWrap: 'anywhere' }}>{entry.matchers.map(matcherText).join(', ')}</Code>
          )}
        </>
      );
  }
}

function colourOf(entry: StoryEntry): string {
  if (entry.kind === 'transition') return STATE_COLOURS[entry.state];
  return entry.kind === 'notification' ? (entry.outcome === 'delivered' ? 'blue' : 'red') : 'gray';
}

function valueText(text: string): string {
  const value = parseValue(text);
  return Number.isNaN(value) ? '' : `with ${Number(value.toPrecision(4)).toLocaleString()}`;
}
