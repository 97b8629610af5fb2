import { Alert } from '@mantine/core';
import { useLostAt } from '../api/connection.ts';

/** Says that the server cannot be reached, and since when; nothing while it can. */
export function ConnectionNote() {
  const lostAt = useLostAt();
  if (lostAt === undefined) return null;
  const time = new Date(lostAt * 1000).toLocaleTimeString();
  return (
    <Alert color="red" role="alert" p="xs" mb="sm" title={`The server cannot be reached since ${time}`}>
      What is shown is from before. It is loaded again as soon as the server answers.
    </Alert>
  );
}
