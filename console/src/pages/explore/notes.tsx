import { Alert } from '@mantine/core';

/** What the server warns of or remarks on in an answer. */
export function Notes({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <Alert color="yellow" mb="xs" p="xs" role="status">
      {notes.map((note) => (
        <div key={note}>{note}</div>
      ))}
    </Alert>
  );
}
