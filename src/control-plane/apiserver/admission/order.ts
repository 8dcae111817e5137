/**
 * The admission plugins in the order in which they run; the order is upstream's and carries meaning.
 *
 * @source pkg/kubeapiserver/options/plugins.go v1.36
 */
import type { Platform } from "../../../shared/lib/platform.ts";
import type { AdmissionPlugin, Authorizer } from "../types.ts";
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from "./certificates.ts";
import { persistentVolumeClaimResize } from "./claim-resize.ts";
import { defaultIngressClass, defaultStorageClass } from "./default-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";

export interface AdmissionDependencies {
  platform: Platform;
  authorizer: Authorizer;
}

export function admissionPlugins({ platform, authorizer }: AdmissionDependencies): AdmissionPlugin[] {
  return [
    namespaceLifecycle, // first: what goes nowhere needs no further work
    serviceAccount(platform), // before PodSecurity and quota, which look at the volumes it adds
    taintNodesByCondition,
    priority, // before quota, which may be scoped by class
    defaultTolerationSeconds,
    defaultStorageClass, // before quota, which counts claims by class
    storageObjectInUseProtection,
    persistentVolumeClaimResize,
    runtimeClass, // before quota: overhead counts
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass,
    podTopologyLabels,
  ];
}
