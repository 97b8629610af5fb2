import { Title } from '@mantine/core';

export default function StatusPage() {
  return <Title order={1}>Status</Title>;
}
