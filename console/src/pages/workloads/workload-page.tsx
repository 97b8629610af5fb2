import { Title } from '@mantine/core';

export default function WorkloadPage() {
  return <Title order={1}>Workload</Title>;
}
