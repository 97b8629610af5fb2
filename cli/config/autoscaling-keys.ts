import { address, boolean, duration, existingFile, nonEmptyText, positiveDuration } from './scalars.ts';
import { elsewhere, key, optional, type ValueOf } from './shape.ts';

export const autoscalingKeys = {
  enabled: optional(
    boolean,
    'Serve the Kubernetes metrics APIs. Default: where `listen` or --metrics-apis says where, inside a cluster, and with --demo.',
  ),
  listen: optional(
    address,
    'Where they are served, over TLS. Default: inside a cluster [::]:6443, otherwise 127.0.0.1 with any free port.',
  ),
  cert_file: optional(
    existingFile,
    'The certificate and its chain, PEM, read again when it changes. Default: one that Pharos makes itself.',
  ),
  key_file: optional(existingFile, 'The key of the certificate, PEM.'),
  service_namespace: optional(
    nonEmptyText,
    "Where the Service is that the APIServices name. Default: the service account's namespace, else monitoring.",
  ),
  service_name: key(nonEmptyText, 'pharos-metrics-apis', 'Of the Service that the APIServices name.'),
  register: key(
    boolean,
    true,
    'Publish the authority of a certificate that Pharos has made itself in the APIServices that name the Service.',
  ),
  interval: key(positiveDuration, 15_000, 'How often metrics that somebody asks for are evaluated.'),
  freshness: key(
    positiveDuration,
    90_000,
    'Values that are older than this are an error, which makes an autoscaler wait. Named metrics can have their own.',
  ),
  hold: key(
    duration,
    0,
    'For so long beyond `freshness` the last good value is served, with its true time. Named metrics can have their own.',
  ),
  metrics: elsewhere('Named metrics, each a PromQL expression: docs/autoscaling-metrics.md has their keys.'),
};

export type AutoscalingSettings = ValueOf<typeof autoscalingKeys>;
