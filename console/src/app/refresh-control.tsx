import { ActionIcon, Group, NativeSelect } from '@mantine/core';
import { useEffect } from 'react';
import { isLost, onConnection } from '../api/connection.ts';
import { advanceClock } from './clock.ts';
import { Icon } from './icon.tsx';
import { useUrlState } from './url-state.ts';

const INTERVALS: Readonly<Record<string, number>> = { off: 0, '5s': 5, '10s': 10, '30s': 30, '1m': 60, '5m': 300 };

/** How often what is live or ends now is loaded again, on all pages, while they can be seen; and a button to do it at once. */
export function RefreshControl() {
  const [choice, setChoice] = useUrlState('refresh', '30s');
  const seconds = INTERVALS[choice] ?? 30;
  useEffect(() => {
    // What the server could not be asked for is asked for when it is there again.
    const look = (): void => {
      if (document.visibilityState === 'visible' && !isLost()) advanceClock();
    };
    if (seconds === 0) return;
    const stop = onConnection(look);
    const timer = setInterval(look, seconds * 1000);
    document.addEventListener('visibilitychange', look);
    return () => {
      stop();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [seconds]);
  return (
    <Group gap={2} wrap="nowrap">
      <ActionIcon variant="subtle" color="gray" onClick={advanceClock} aria-label="Refresh" title="Refresh">
        <Icon name="refresh" />
      </ActionIcon>
      <NativeSelect
        size="xs"
        w={66}
        aria-label="Refresh every"
        title="Refresh every"
        value={choice in INTERVALS ? choice : '30s'}
        data={Object.keys(INTERVALS)}
        onChange={({ currentTarget }) => setChoice(currentTarget.value)}
      />
    </Group>
  );
}
