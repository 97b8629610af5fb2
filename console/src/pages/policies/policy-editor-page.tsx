import { Title } from '@mantine/core';

export default function PolicyEditorPage() {
  return <Title order={1}>PolicyEditor</Title>;
}
