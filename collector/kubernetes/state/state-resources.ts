import type { ResourceName } from '../objects.ts';
import { CERTIFICATE_SIGNING_REQUESTS } from './certificate-signing-request.ts';
import { CONFIG_MAPS } from './config-map.ts';
import { CRON_JOBS } from './cron-job.ts';
import { DAEMON_SETS } from './daemon-set.ts';
import { DEPLOYMENTS } from './deployment.ts';
import { ENDPOINTS } from './endpoint.ts';
import { ENDPOINT_SLICES } from './endpoint-slice.ts';
import { HORIZONTAL_POD_AUTOSCALERS } from './horizontal-pod-autoscaler.ts';
import { INGRESSES } from './ingress.ts';
import { INGRESS_CLASSES } from './ingress-class.ts';
import { JOBS } from './job.ts';
import { LEASES } from './lease.ts';
import { LIMIT_RANGES } from './limit-range.ts';
import { NAMESPACES } from './namespace.ts';
import { NETWORK_POLICIES } from './network-policy.ts';
import { NODES } from './node.ts';
import { PERSISTENT_VOLUMES } from './persistent-volume.ts';
import { PERSISTENT_VOLUME_CLAIMS } from './persistent-volume-claim.ts';
import { PODS } from './pod.ts';
import { POD_DISRUPTION_BUDGETS } from './pod-disruption-budget.ts';
import { REPLICA_SETS } from './replica-set.ts';
import { REPLICATION_CONTROLLERS } from './replication-controller.ts';
import { RESOURCE_QUOTAS } from './resource-quota.ts';
import { CLUSTER_ROLES, ROLES } from './role.ts';
import { CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS } from './role-binding.ts';
import { SECRETS } from './secret.ts';
import { SERVICES } from './service.ts';
import { SERVICE_ACCOUNTS } from './service-account.ts';
import type { StateResource } from './state-resource.ts';
import { STATEFUL_SETS } from './stateful-set.ts';
import { STORAGE_CLASSES } from './storage-class.ts';
import { VOLUME_ATTACHMENTS } from './volume-attachment.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS, VALIDATING_WEBHOOK_CONFIGURATIONS } from './webhook-configuration.ts';

/** One of the resources, whichever. */
export type AnyStateResource = { [R in ResourceName]: StateResource<R> }[ResourceName];

/** Everything of which state metrics can be told: one file for each resource. */
export const STATE_RESOURCES: readonly AnyStateResource[] = [
  PODS,
  NODES,
  NAMESPACES,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  JOBS,
  CRON_JOBS,
  HORIZONTAL_POD_AUTOSCALERS,
  SERVICES,
  ENDPOINT_SLICES,
  ENDPOINTS,
  INGRESSES,
  INGRESS_CLASSES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
  RESOURCE_QUOTAS,
  LIMIT_RANGES,
  POD_DISRUPTION_BUDGETS,
  CONFIG_MAPS,
  SECRETS,
  REPLICATION_CONTROLLERS,
  LEASES,
  NETWORK_POLICIES,
  CERTIFICATE_SIGNING_REQUESTS,
  SERVICE_ACCOUNTS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  ROLES,
  CLUSTER_ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLE_BINDINGS,
];
