import { Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { PolicyDraft } from './policy-draft.ts';
import { PolicyPreview } from './policy-preview.tsx';

/** What a policy as it stands would have done: of any source, and also where it cannot be changed. */
export function PolicyDryRun({ policy }: { readonly policy: PolicyDraft }) {
  const [refusal, setRefusal] = useState<string>();
  return (
    <Stack gap="sm">
      <PolicyPreview
        subject={JSON.stringify(policy)}
        onAsk={async () => {
          setRefusal(undefined);
          return policy;
        }}
        onRefused={(error) => setRefusal(error instanceof Error ? error.message : String(error))}
      />
      {refusal !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {refusal}
        </Text>
      )}
    </Stack>
  );
}
