import { Title } from '@mantine/core';

export default function NodePage() {
  return <Title order={1}>Node</Title>;
}
