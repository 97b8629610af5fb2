import { Title } from '@mantine/core';

export default function TargetsPage() {
  return <Title order={1}>Targets</Title>;
}
