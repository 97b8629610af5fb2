import { Title } from '@mantine/core';

export default function AutoscalingPage() {
  return <Title order={1}>Autoscaling</Title>;
}
