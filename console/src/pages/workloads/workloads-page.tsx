import { Title } from '@mantine/core';

export default function WorkloadsPage() {
  return <Title order={1}>Workloads</Title>;
}
