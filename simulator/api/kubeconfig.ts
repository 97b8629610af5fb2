/** The text of a kubeconfig with one context, for kubectl and other clients. */
export function kubeconfigOf(
  server: { readonly url: string; readonly ca: string | undefined },
  token: string,
  { name = 'simulated' }: { readonly name?: string } = {},
): string {
  // JSON is YAML, and quotes whatever a name or token may contain.
  const text = (value: string) => JSON.stringify(value);
  const authority =
    server.ca === undefined ? '' : `    certificate-authority-data: ${Buffer.from(server.ca).toString('base64')}\n`;
  return `apiVersion: v1
kind: Config
current-context: ${text(name)}
clusters:
- name: ${text(name)}
  cluster:
    server: ${text(server.url)}
${authority}users:
- name: ${text(name)}
  user:
    token: ${text(token)}
contexts:
- name: ${text(name)}
  context:
    cluster: ${text(name)}
    user: ${text(name)}
`;
}
