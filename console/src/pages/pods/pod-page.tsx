import { Title } from '@mantine/core';

export default function PodPage() {
  return <Title order={1}>Pod</Title>;
}
