import { Box, Button, Code, CopyButton, Group, Loader, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { type PolicyYaml, policyYaml } from './policy-api.ts';
import type { PolicyDraft } from './policy-draft.ts';

/** A policy as a file or a Kubernetes resource has it, to be copied; one that is a resource as that at first. */
export function PolicyYamlView({ policy, isResource }: { readonly policy: PolicyDraft; readonly isResource: boolean }) {
  const [kind, setKind] = useState<keyof PolicyYaml>(isResource ? 'resource' : 'file');
  const { data, error, reload } = useData(JSON.stringify(policy), () => policyYaml(policy));
  if (data === undefined) {
    if (error !== undefined) {
      return <ErrorState title="It cannot be written as YAML" error={error} onRetry={reload} />;
    }
    return <Loader role="status" m="md" aria-label="Loading" />;
  }
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <YamlKind value={kind} onChange={setKind} />
        <CopyText text={data[kind]} />
      </Group>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {data[kind]}
      </Code>
      <Text size="xs" c="dimmed">
        {kind === 'file'
          ? 'For a file that policy_files of the configuration names. What is as by default is left out.'
          : isResource
            ? 'As it is in the cluster, without what is as by default.'
            : 'For kubectl apply. The policy gets another id there, so delete this one when it has moved.'}
      </Text>
    </Stack>
  );
}

/** Which of the two documents. */
export function YamlKind({
  value,
  onChange,
}: {
  readonly value: keyof PolicyYaml;
  readonly onChange: (kind: keyof PolicyYaml) => void;
}) {
  return (
    <Box>
      <SegmentedControl
        size="xs"
        aria-label="Kind of document"
        value={value}
        onChange={(next) => onChange(next as keyof PolicyYaml)}
        data={[
          { value: 'file', label: 'File' },
          { value: 'resource', label: 'Kubernetes resource' },
        ]}
      />
    </Box>
  );
}

/** Puts a text on the clipboard. */
export function CopyText({ text }: { readonly text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy} aria-live="polite">
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  );
}
