/**
 * The admission plugins in the order in which they run; the order is upstream's and carries meaning.
 *
 * @source pkg/kubeapiserver/options/plugins.go v1.36
 */
import type { Platform } from "../../../shared/lib/platform.ts";
import type { RbacIndex } from "../authz/index.ts";
import type { AdmissionPlugin, Authorizer } from "../types.ts";
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from "./certificates.ts";
import { persistentVolumeClaimResize } from "./claim-resize.ts";
import { defaultIngressClass, defaultStorageClass } from "./default-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { deviceAdminAccess } from "./device-admin-access.ts";
import { limitRanger } from "./limit-ranger/index.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction/index.ts";
import { podSecurity } from "./pod-security/index.ts";
import { podTopologyLabels } from "./pod-topology-labels.ts";
import { mutatingPolicies } from "./policies/mutating.ts";
import { paramAccess } from "./policies/param-access.ts";
import { validatingPolicies } from "./policies/validating.ts";
import { priority } from "./priority.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { resourceQuota } from "./resource-quota/index.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account/index.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { mutatingWebhooks, validatingWebhooks } from "./webhook/index.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";

export interface AdmissionDependencies {
  platform: Platform;
  authorizer: Authorizer;
  rbac: () => RbacIndex;
}

export function admissionPlugins({ platform, authorizer, rbac }: AdmissionDependencies): AdmissionPlugin[] {
  const builtIn = [
    namespaceLifecycle, // first: what goes nowhere needs no further work
    limitRanger, // before quota, which counts the defaults it sets
    serviceAccount(platform), // before PodSecurity and quota, which look at the volumes it adds
    nodeRestriction(authorizer), // before TaintNodesByCondition: a node must not set taints, the server does
    taintNodesByCondition,
    podSecurity,
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
  return [
    ...builtIn,
    mutatingPolicies(authorizer, builtIn),
    mutatingWebhooks(platform.random, authorizer, builtIn), // after the built-in plugins, which run again over what it changes
    deviceAdminAccess, // as they will be stored, too
    rbacEscalation(authorizer, rbac), // sees roles and bindings as they will be stored
    paramAccess(authorizer),
    validatingPolicies(authorizer),
    validatingWebhooks(platform.random, authorizer),
    resourceQuota(), // last: only what everybody else has let pass is charged
  ];
}
