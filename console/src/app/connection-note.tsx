import { Alert } from '@mantine/core';
import { useLostAt, useLostStore } from '../api/connection.ts';

/** Says that the server cannot be reached, or that the store behind it does not answer, and since when; nothing while all is there. */
export function ConnectionNote() {
  const lostAt = useLostAt();
  const lostStore = useLostStore();
  if (lostAt !== undefined) {
    return (
      <Alert color="red" role="alert" p="xs" mb="sm" title={`The server cannot be reached since ${timeOf(lostAt)}`}>
        What is shown is from before. It is loaded again as soon as the server answers.
      </Alert>
    );
  }
  if (lostStore === undefined) return null;
  return (
    <Alert color="red" role="alert" p="xs" mb="sm" title={`The store cannot be read since ${timeOf(lostStore.since)}`}>
      {lostStore.reason}. Pages keep what they had from it, and load it again as soon as it answers.
    </Alert>
  );
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString();
}
