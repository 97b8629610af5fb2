import { Title } from '@mantine/core';

export default function AlertPage() {
  return <Title order={1}>Alert</Title>;
}
