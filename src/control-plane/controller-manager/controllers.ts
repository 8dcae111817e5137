/** Every controller, by the names and service accounts upstream knows them by. Adding one is a folder and a line here. */
import { certificateApprover, certificateCleaner, certificateSigner } from "./certificates/index.ts";
import { clusterRoleAggregation } from "./clusterroleaggregation/index.ts";
import { daemonSet } from "./daemonset/index.ts";
import { deployment } from "./deployment/index.ts";
import { endpoints } from "./endpoints/index.ts";
import { endpointSlice } from "./endpointslice/index.ts";
import { garbageCollector } from "./garbagecollector/index.ts";
import { job } from "./job/index.ts";
import { namespace } from "./namespace/index.ts";
import { nodeIpam } from "./nodeipam/index.ts";
import { nodeLifecycle } from "./nodelifecycle/index.ts";
import { persistentVolumeBinder } from "./persistentvolume/index.ts";
import { podAutoscaler } from "./podautoscaler/index.ts";
import { podGc } from "./podgc/index.ts";
import { policyStatus } from "./policystatus/index.ts";
import { replicaSet } from "./replicaset/index.ts";
import { replicationController } from "./replicationcontroller/index.ts";
import { rootCaPublisher } from "./rootca/index.ts";
import { serviceCidr } from "./servicecidr/index.ts";
import { serviceAccount } from "./serviceaccount/index.ts";
import { statefulSet } from "./statefulset/index.ts";
import { taintEviction } from "./tainteviction/index.ts";
import { cronJob } from "./cronjob/index.ts";
import { disruption } from "./disruption/index.ts";
import { endpointSliceMirroring } from "./endpointslicemirroring/index.ts";
import { resourceQuota } from "./resourcequota/index.ts";
import { ttlAfterFinished } from "./ttlafterfinished/index.ts";
import { claimProtection, classProtection, volumeProtection } from "./volumeprotection/index.ts";
import type { ControllerEntry } from "./types.ts";

export const controllers: readonly ControllerEntry[] = [
  {
    name: "certificatesigningrequest-approving-controller",
    serviceAccount: "certificate-controller",
    make: () => certificateApprover,
  },
  {
    name: "certificatesigningrequest-cleaner-controller",
    serviceAccount: "certificate-controller",
    make: () => certificateCleaner,
  },
  {
    name: "certificatesigningrequest-signing-controller",
    serviceAccount: "certificate-controller",
    make: (s) => s.signer && certificateSigner(s.signer),
  },
  {
    name: "clusterrole-aggregation-controller",
    serviceAccount: "clusterrole-aggregation-controller",
    make: () => clusterRoleAggregation,
  },
  { name: "cronjob-controller", serviceAccount: "cronjob-controller", make: () => cronJob },
  { name: "daemonset-controller", serviceAccount: "daemon-set-controller", make: () => daemonSet },
  { name: "deployment-controller", serviceAccount: "deployment-controller", make: () => deployment },
  { name: "disruption-controller", serviceAccount: "disruption-controller", make: () => disruption },
  { name: "endpoints-controller", serviceAccount: "endpoint-controller", make: () => endpoints },
  { name: "endpointslice-controller", serviceAccount: "endpointslice-controller", make: () => endpointSlice },
  {
    name: "endpointslice-mirroring-controller",
    serviceAccount: "endpointslicemirroring-controller",
    make: () => endpointSliceMirroring,
  },
  { name: "garbage-collector-controller", serviceAccount: "generic-garbage-collector", make: () => garbageCollector },
  { name: "horizontal-pod-autoscaler-controller", serviceAccount: "horizontal-pod-autoscaler", make: () => podAutoscaler },
  { name: "job-controller", serviceAccount: "job-controller", make: () => job },
  { name: "namespace-controller", serviceAccount: "namespace-controller", make: () => namespace },
  {
    name: "node-ipam-controller",
    serviceAccount: "node-controller",
    make: (s) => (s.clusterCidr ? nodeIpam(s.clusterCidr, s.nodeCidrMaskSize) : undefined),
  },
  { name: "node-lifecycle-controller", serviceAccount: "node-controller", make: () => nodeLifecycle },
  { name: "persistentvolume-binder-controller", serviceAccount: "persistent-volume-binder", make: () => persistentVolumeBinder },
  { name: "persistentvolume-protection-controller", serviceAccount: "pv-protection-controller", make: () => volumeProtection },
  {
    name: "persistentvolumeclaim-protection-controller",
    serviceAccount: "pvc-protection-controller",
    make: () => claimProtection,
  },
  { name: "pod-garbage-collector-controller", serviceAccount: "pod-garbage-collector", make: () => podGc },
  { name: "replicaset-controller", serviceAccount: "replicaset-controller", make: () => replicaSet },
  { name: "replicationcontroller-controller", serviceAccount: "replication-controller", make: () => replicationController },
  { name: "resourcequota-controller", serviceAccount: "resourcequota-controller", make: () => resourceQuota },
  {
    name: "root-ca-certificate-publisher-controller",
    serviceAccount: "root-ca-cert-publisher",
    make: (s) => (s.rootCa ? rootCaPublisher(s.rootCa) : undefined),
  },
  { name: "service-cidr-controller", serviceAccount: "service-cidrs-controller", make: () => serviceCidr },
  { name: "serviceaccount-controller", serviceAccount: "service-account-controller", make: () => serviceAccount },
  { name: "statefulset-controller", serviceAccount: "statefulset-controller", make: () => statefulSet },
  { name: "taint-eviction-controller", serviceAccount: "node-controller", make: () => taintEviction },
  { name: "ttl-after-finished-controller", serviceAccount: "ttl-after-finished-controller", make: () => ttlAfterFinished },
  {
    name: "validatingadmissionpolicy-status-controller",
    serviceAccount: "validatingadmissionpolicy-status-controller",
    make: () => policyStatus,
  },
  {
    name: "volumeattributesclass-protection-controller",
    serviceAccount: "volumeattributesclass-protection-controller",
    make: () => classProtection,
  },
];
