import { useMemo } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { PageHeader } from '../../app/page-header.tsx';
import { keptSearch } from '../../app/url-state.ts';
import { createPolicy } from './policy-api.ts';
import { draftOf } from './policy-draft.ts';
import { PolicyForm } from './policy-form.tsx';

/** A new policy, about what the address names: `/policies/new?level=pod&namespace=shop&pod=web-1`. */
export default function PolicyEditorPage() {
  const [params] = useSearchParams();
  const [, navigate] = useLocation();
  const text = params.toString();
  const initial = useMemo(() => draftOf(new URLSearchParams(text)), [text]);
  return (
    <>
      <PageHeader title="New policy" crumbs={[{ title: 'Policies', href: '/policies' }]} />
      <PolicyForm
        initial={{ policy: initial, etag: '' }}
        saveText="Save policy"
        onSave={async (draft, { author }) => {
          const { id } = await createPolicy(draft, author);
          navigate(`/policies/${encodeURIComponent(id)}${keptSearch()}`);
        }}
        onCancel={() => navigate(`/policies${keptSearch()}`)}
      />
    </>
  );
}
