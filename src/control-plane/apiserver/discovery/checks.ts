/**
 * What the probes ask, under upstream's names where the thing exists here.
 *
 * Steps of the start are one promise: a server answers nobody before all of them are done.
 *
 * @source staging/src/k8s.io/apiserver/pkg/server/{config,hooks,healthz}.go, pkg/controlplane/{instance,apiserver/server}.go v1.36
 */
import type { Core } from "../core.ts";
import type { HealthCheck } from "./health.ts";

/** Of every server: caches that are filled from the store before there is a server at all. */
const ALWAYS = ["start-apiserver-admission-initializer", "generic-apiserver-start-informers"];

const DEFINITIONS = ["start-apiextensions-informers", "start-apiextensions-controllers", "crd-informer-synced"];

/** Objects that a start makes and corrects. */
const BOOTSTRAP = [
  "start-system-namespaces-controller",
  "start-cluster-authentication-info-controller",
  "start-legacy-token-tracking-controller",
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
  "bootstrap-controller",
  "start-kubernetes-service-cidr-controller",
];

const AGGREGATION = [
  "start-kube-aggregator-informers",
  "apiservice-status-local-available-controller",
  "apiservice-status-remote-available-controller",
  "apiservice-registration-controller",
  "apiservice-discovery-controller",
];

export interface StartSteps {
  /** Bootstrap objects belong to this start; absent: of a server without any. */
  bootstrap?: boolean;
  /** Everything is done. */
  isDone(): boolean;
}

export function healthChecks(core: Core, { bootstrap = false, isDone }: StartSteps): HealthCheck[] {
  const serves = (group: string, version: string, plural: string) => core.resources.find(group, version, plural) !== undefined;
  const step = (name: string): HealthCheck => ({ name, check: () => holds(isDone()) });
  const hooks = [
    ...ALWAYS,
    ...(serves("apiextensions.k8s.io", "v1", "customresourcedefinitions") ? DEFINITIONS : []),
    ...(bootstrap ? BOOTSTRAP : []),
    ...(serves("apiregistration.k8s.io", "v1", "apiservices") ? AGGREGATION : []),
  ];
  return [
    { name: "ping", check() {} },
    { name: "log", check: () => holds(process.stderr.writable) },
    { name: "etcd", check: async () => void (await core.store.currentRevision()) },
    { name: "informer-sync", probes: ["readyz"], check: async () => void (await core.hub.current()) },
    ...hooks.map((hook) => step(`poststarthook/${hook}`)),
    ...(bootstrap ? [step("poststarthook/kube-apiserver-autoregistration"), step("autoregister-completion")] : []),
    { name: "shutdown", probes: ["readyz"], check: () => holds(!core.closed.aborted) },
  ];
}

function holds(well: boolean): void {
  if (!well) throw new Error("not finished");
}
