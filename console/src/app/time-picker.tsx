import { ActionIcon, Alert, Button, Divider, Group, Popover, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from './icon.tsx';
import { earlier, fromLocal, later, rangeLabel, toLocal, wider } from './time-choice.ts';
import { type TimeRange, useTimeRange } from './time-range.ts';

const RECENT = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '14d', '30d'];

/** Which time all charts show: up to now, or between two moments; and steps back, forward and out. */
export function TimePicker() {
  const [range, setRange] = useTimeRange();
  const [isOpen, setIsOpen] = useState(false);
  const step = (move: (range: TimeRange, now: number) => readonly [string, string]): void =>
    setRange(...move(range, Math.floor(Date.now() / 1000)));
  return (
    <Group gap={2} wrap="nowrap" miw={0}>
      <ActionIcon variant="subtle" color="gray" onClick={() => step(earlier)} aria-label="Earlier" title="Earlier">
        <Icon name="earlier" />
      </ActionIcon>
      <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" shadow="md" trapFocus>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<Icon name="clock" size={14} />}
            onClick={() => setIsOpen((before) => !before)}
            aria-label={`Time range: ${rangeLabel(range)}`}
            miw={0}
          >
            {rangeLabel(range)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown w={380} maw="calc(100vw - 16px)">
          <SimpleGrid cols={{ base: 2, xs: 3 }} spacing={4} verticalSpacing={4}>
            {RECENT.map((length) => (
              <Button
                key={length}
                variant={range.isLive && range.from === `now-${length}` ? 'filled' : 'subtle'}
                px={4}
                onClick={() => {
                  setRange(`now-${length}`, 'now');
                  setIsOpen(false);
                }}
              >
                {rangeLabel({ from: `now-${length}`, to: 'now', start: 0, end: 0, isLive: true })}
              </Button>
            ))}
          </SimpleGrid>
          <Divider my="sm" />
          <Between
            range={range}
            onChoose={(from, to) => {
              setRange(from, to);
              setIsOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => step(later)}
        disabled={range.isLive}
        aria-label="Later"
        title="Later"
      >
        <Icon name="later" />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        onClick={() => step(wider)}
        aria-label="Show twice as much time"
        title="Show twice as much time"
      >
        <Icon name="widen" />
      </ActionIcon>
    </Group>
  );
}

function Between({
  range,
  onChoose,
}: {
  readonly range: TimeRange;
  readonly onChoose: (from: string, to: string) => void;
}) {
  const [from, setFrom] = useState(toLocal(range.start));
  const [to, setTo] = useState(toLocal(range.end));
  const [problem, setProblem] = useState<string>();
  const choose = (): void => {
    const start = fromLocal(from);
    const end = fromLocal(to);
    if (start === undefined || end === undefined) setProblem('Both times are needed.');
    else if (start >= end) setProblem('The first time must be before the second.');
    else onChoose(String(start), String(end));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        choose();
      }}
    >
      <Stack gap="xs">
        <TextInput
          type="datetime-local"
          step={1}
          label="From"
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          step={1}
          label="To"
          value={to}
          onChange={({ currentTarget }) => setTo(currentTarget.value)}
        />
        {problem !== undefined && (
          <Alert color="red" p="xs" role="alert">
            {problem}
          </Alert>
        )}
        <Button type="submit">Show this time</Button>
      </Stack>
    </form>
  );
}
