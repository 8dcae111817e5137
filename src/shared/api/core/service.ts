import type { Service as T } from "../generated/core-v1.ts";
import { age, balancerAddresses, labelText, NONE } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { needsClusterIP } from "./service-addresses.ts";
import { isExternallyAccessible } from "./service-ports.ts";
import { serviceWarnings, validateService, validateServiceStatus, validateServiceUpdate } from "./service-validation.ts";

type Spec = T["spec"];

const AFFINITY_SECONDS = 10_800;

export const Service = defineKind<T>({
  ...facts["v1/services"],
  name: "label",
  createOnUpdate: true,
  returnDeletedObject: true,
  selectableFields: { "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "", "spec.type": ({ spec }) => spec.type ?? "" },
  cells(service, context) {
    const { type = "", clusterIPs, ports = [], selector } = service.spec;
    const texts = ports.map((p) => `${p.port}${p.nodePort ? `:${p.nodePort}` : ""}/${p.protocol}`);
    const head = [service.metadata.name, type, clusterIPs?.[0] ?? NONE, externalAddress(service)];
    return [...head, texts.join(",") || NONE, age(service, context), labelText(selector)];
  },
  setDefaults({ spec, status }) {
    setAffinityDefaults(spec);
    spec.type ||= "ClusterIP";
    for (const port of spec.ports ?? []) {
      port.protocol ||= "TCP";
      port.targetPort ||= port.port;
    }
    if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster";
    if (needsClusterIP(spec)) spec.internalTrafficPolicy ??= "Cluster";
    if (spec.type !== "LoadBalancer") return;
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of status.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
  },
  prepareForCreate: ({ spec }) => dropInternalPolicy(spec),
  prepareForUpdate(service, old) {
    service.status = old.status;
    dropInternalPolicy(service.spec);
    if (service.spec.type !== "LoadBalancer") service.status = { ...old.status, loadBalancer: {} };
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
});
export type Service = T;

function externalAddress({ spec, status }: T): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || NONE;
    case "LoadBalancer":
      return [...balancerAddresses(status?.loadBalancer), ...own].join(",") || "<pending>";
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

function setAffinityDefaults(spec: Spec): void {
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinity === "ClientIP" && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

/** A name for something outside has no traffic within. */
function dropInternalPolicy(spec: Spec): void {
  if (!needsClusterIP(spec)) delete spec.internalTrafficPolicy;
}
