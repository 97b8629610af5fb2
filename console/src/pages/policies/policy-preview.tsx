import { Alert, Group, Loader, SegmentedControl, Stack, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { BusyButton } from '../../app/busy-button.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { plural } from '../../app/plural.ts';
import { groupBy } from '../../lists/group-by.ts';
import { alertObject } from '../alerts/alert-object.ts';
import rows from '../alerts/history-view.module.css';
import { LaneChart } from '../alerts/lane-chart.tsx';
import { TimeAxis } from '../alerts/time-axis.tsx';
import { type Preview, type PreviewEpisode, previewPolicy } from './policy-api.ts';
import type { PolicyDraft } from './policy-draft.ts';
import { PreviewChart } from './preview-chart.tsx';

const MOST_LANES = 15;

/** A dry run of a draft over the last day or more: which objects would have fired, when, and beside which values. */
export function PolicyPreview({
  subject,
  onAsk,
  onRefused,
}: {
  /** What is written now: another one than at the dry run makes its result old. */
  readonly subject: unknown;
  /** The draft to try; undefined when it is not worth it. */
  readonly onAsk: () => Promise<PolicyDraft | undefined>;
  readonly onRefused: (error: unknown) => void;
}) {
  const [days, setDays] = useState('1');
  const [shown, setShown] = useState<{
    readonly preview: Preview;
    readonly draft: PolicyDraft;
    readonly of: unknown;
  }>();
  const [isRunning, setIsRunning] = useState(false);
  const running = useRef<AbortController>(undefined);
  const run = async (): Promise<void> => {
    const draft = await onAsk();
    if (draft === undefined) return;
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setIsRunning(true);
    try {
      const preview = await previewPolicy(draft, Number(days), controller.signal);
      setShown({ preview, draft, of: subject });
    } catch (error) {
      if (controller.signal.aborted) return;
      setShown(undefined);
      onRefused(error);
    } finally {
      if (running.current === controller) setIsRunning(false);
    }
  };
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <BusyButton variant="default" onClick={() => void run()} isBusy={isRunning}>
          Dry run
        </BusyButton>
        <SegmentedControl
          size="xs"
          aria-label="Over how long"
          value={days}
          onChange={setDays}
          data={[
            { value: '1', label: '1 day' },
            { value: '3', label: '3 days' },
            { value: '7', label: '7 days' },
          ]}
        />
        {isRunning && <Loader role="status" size="xs" aria-label="Running" />}
      </Group>
      {shown === undefined ? (
        <Text size="sm" c="dimmed">
          Shows which objects would have fired, how often and when, by the code that evaluates policies. Nothing is
          saved.
        </Text>
      ) : (
        <>
          {shown.of !== subject && (
            <Alert color="yellow" py="xs">
              The policy was changed after this dry run.
            </Alert>
          )}
          <PreviewResult preview={shown.preview} draft={shown.draft} />
        </>
      )}
    </Stack>
  );
}

function PreviewResult({ preview, draft }: { readonly preview: Preview; readonly draft: PolicyDraft }) {
  const { objects, fired, firing, isTruncated, episodes } = preview;
  const range = { start: Date.parse(preview.from), end: Date.parse(preview.to) };
  const byObject = [...groupBy(episodes, ({ object }) => JSON.stringify(object))].toSorted(
    ([, a], [, b]) => b.length - a.length || total(b, range.end) - total(a, range.end),
  );
  return (
    <Stack gap="sm" data-testid="preview">
      <Text size="sm">
        {objects === 0 ? (
          'There is no such object.'
        ) : (
          <>
            Of <b>{objects.toLocaleString()}</b> {objects === 1 ? draft.level : `${draft.level}s`}{' '}
            <b>{byObject.length.toLocaleString()}</b> would have fired,{' '}
            <b>
              {fired.toLocaleString()}
              {isTruncated && '+'}
            </b>{' '}
            {fired === 1 && !isTruncated ? 'time' : 'times'} in all; <b>{firing.toLocaleString()}</b> would now.
          </>
        )}
      </Text>
      {byObject.length > 0 && (
        <div>
          {byObject.slice(0, MOST_LANES).map(([key, own]) => (
            <div key={key} className={rows.row}>
              <Group gap={6} wrap="nowrap" miw={0}>
                <Text size="xs" truncate title={alertObject(own[0]!.object).text}>
                  {alertObject(own[0]!.object).text}
                </Text>
                <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
                  {own.length} × {formatDuration(total(own, range.end) / own.length / 1000)}
                </Text>
              </Group>
              <LaneChart
                {...range}
                label={`${alertObject(own[0]!.object).text}: ${plural(own.length, 'time')}`}
                spans={own.map(({ startsAt, endsAt, severity, value }) => ({
                  from: Date.parse(startsAt),
                  to: endOf(endsAt, range.end),
                  state: 'firing',
                  severity,
                  value: value === null ? Number.NaN : Number(value),
                  isOpen: endsAt === null,
                }))}
              />
            </div>
          ))}
          <div className={rows.row}>
            <Text size="xs" c="dimmed">
              {byObject.length > MOST_LANES && `and ${byObject.length - MOST_LANES} more`}
            </Text>
            <TimeAxis {...range} />
          </div>
        </div>
      )}
      {draft.conditions.map((condition, i) => (
        <PreviewChart
          key={i}
          condition={condition}
          draft={draft}
          range={{ start: range.start / 1000, end: range.end / 1000 }}
          objects={byObject.slice(0, 8).map(([, own]) => own[0]!.object)}
        />
      ))}
    </Stack>
  );
}

function total(episodes: readonly PreviewEpisode[], end: number): number {
  return episodes.reduce((sum, { startsAt, endsAt }) => sum + endOf(endsAt, end) - Date.parse(startsAt), 0);
}

function endOf(endsAt: string | null, end: number): number {
  return endsAt === null ? end : Date.parse(endsAt);
}
