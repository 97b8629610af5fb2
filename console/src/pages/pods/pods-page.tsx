import { Title } from '@mantine/core';

export default function PodsPage() {
  return <Title order={1}>Pods</Title>;
}
