import { Title } from '@mantine/core';

export default function ContainerPage() {
  return <Title order={1}>Container</Title>;
}
