import { Alert, Code, List, Text } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';

/** How a group and version of the metrics APIs stands with the API server (docs/autoscaling-api.md). */
export interface Registration {
  readonly group: string;
  readonly version: string;
  readonly state: 'registered' | 'foreign' | 'missing' | 'failed' | 'unknown';
  readonly detail: string;
  readonly available: { readonly status: string; readonly reason: string; readonly message: string } | null;
}

/** Says which of the metrics APIs autoscalers are not served by this server, and why; nothing while all is well. */
export function RegistrationNotice() {
  const { data } = useData(
    'registration',
    async (signal) => {
      const path = '/api/v1/autoscaling?limit=1';
      return (await getJson<{ readonly registration?: readonly Registration[] | null }>(path, { signal })).registration;
    },
    true,
  );
  const wrong = (data ?? []).flatMap((one) => {
    const why = registrationFault(one);
    return why === undefined ? [] : [{ ...one, why }];
  });
  if (wrong.length === 0) return null;
  return (
    <Alert
      color="yellow"
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
      title="Autoscalers are not served by all of the metrics APIs here"
      mb="md"
    >
      <List size="sm">
        {wrong.map(({ group, version, why }) => (
          <List.Item key={`${group}/${version}`}>
            <Code>
              {group}/{version}
            </Code>{' '}
            <Text span inherit>
              {why}
            </Text>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

const STATES = {
  foreign: 'leads to another service',
  missing: 'is not registered with the API server',
  failed: 'could not be looked at or registered',
} as const;

/** What is wrong, in a sentence; undefined when nothing is, or is known yet. */
export function registrationFault({ state, detail, available }: Registration): string | undefined {
  if (state === 'unknown') return undefined;
  if (state !== 'registered') return `${STATES[state]}${detail === '' ? '' : `: ${detail}`}`;
  if (available === null || available.status === 'True') return undefined;
  const { reason, message } = available;
  return `is registered, but the API server cannot use it: ${[reason, message].filter((text) => text !== '').join(', ')}`;
}
