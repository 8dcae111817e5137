/**
 * What a Service may be.
 *
 * @source pkg/apis/core/validation/validation.go (validateService, ValidateServiceUpdate), pkg/api/service/warnings.go v1.36
 */
import { duplicate, forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidPortName,
  isValidPortNum,
  validateLabels,
} from "../../apimachinery/validation.ts";
import {
  parseIpSloppy,
  validateEndpointIp,
  validateLegacyCidr,
  validateLegacyIp,
  warningsForCidr,
  warningsForIp,
} from "../../apimachinery/validation-ip.ts";
import type { Service } from "../generated/core-v1.ts";
import { isHeadless, sameList, validateClusterIPFields } from "./service-addresses.ts";
import { isExternallyAccessible, needsHealthCheck } from "./service-ports.ts";

type Spec = Service["spec"];

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MAX_AFFINITY_SECONDS = 86_400;

export function validateService(service: Service): FieldError[] {
  const { spec } = service;
  return [
    ...validateHints(service),
    ...validateByType(spec),
    ...validatePorts(spec),
    ...validateLabels("spec.selector", spec.selector),
    ...validateAffinity(spec),
    ...validateClusterIPFields(spec),
    ...(spec.externalIPs ?? []).flatMap((ip, i) => validateExternalIp(`spec.externalIPs[${i}]`, ip)),
    ...(TYPES.includes(spec.type!) ? [] : [notSupported("spec.type", spec.type, TYPES)]),
    ...validateRepeatedPorts(spec),
    ...validateLoadBalancer(service),
    ...validateTraffic(spec),
  ];
}

const HINTS = "service.kubernetes.io/topology-aware-hints";
const MODE = "service.kubernetes.io/topology-mode";

function validateHints({ metadata: { annotations = {} } }: Service): FieldError[] {
  const [mode, hints] = [annotations[MODE], annotations[HINTS]];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  return [invalidValue(`metadata.annotations[${MODE}]`, mode, `must match annotations[${HINTS}] when both are specified`)];
}

function validateByType(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== "ExternalName") errors.push(required("spec.ports"));
  if ((spec.type === "LoadBalancer" || spec.type === "NodePort") && spec.clusterIP === "None")
    errors.push(invalidValue("spec.clusterIPs[0]", spec.clusterIPs?.[0], `may not be set to 'None' for ${spec.type} services`));
  if (spec.type !== "ExternalName") return errors;
  for (const name of ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const)
    if (spec[name]?.length) errors.push(forbidden(`spec.${name}`, "may not be set for ExternalName services"));
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (!name) return [...errors, required("spec.externalName")];
  return [...errors, ...isDNS1123Subdomain(name).map((text) => invalidValue("spec.externalName", name, text))];
}

function validatePorts({ ports = [] }: Spec): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name, port, protocol, targetPort, appProtocol }, i) => {
    const field = `spec.ports[${i}]`;
    const errors: FieldError[] = [];
    if (ports.length > 1 && !name) errors.push(required(`${field}.name`));
    if (name) {
      errors.push(...isDNS1123Label(name).map((text) => invalidValue(`${field}.name`, name, text)));
      if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
      names.add(name);
    }
    errors.push(...isValidPortNum(port).map((text) => invalidValue(`${field}.port`, port, text)));
    if (!PROTOCOLS.includes(protocol!)) errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
    const target = typeof targetPort === "string" ? isValidPortName(targetPort) : isValidPortNum(targetPort ?? 0);
    errors.push(...target.map((text) => invalidValue(`${field}.targetPort`, targetPort, text)));
    if (appProtocol !== undefined)
      errors.push(...isQualifiedName(appProtocol).map((text) => invalidValue(`${field}.appProtocol`, appProtocol, text)));
    return errors;
  });
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: Spec): FieldError[] {
  const field = "spec.sessionAffinityConfig";
  if (sessionAffinity === "None")
    return sessionAffinityConfig ? [forbidden(field, "must not be set when session affinity is None")] : [];
  if (sessionAffinity !== "ClientIP") return [notSupported("spec.sessionAffinity", sessionAffinity, ["ClientIP", "None"])];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (seconds > 0 && seconds <= MAX_AFFINITY_SECONDS) return [];
  return [
    invalidValue(`${field}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`),
  ];
}

function validateExternalIp(field: string, text: string): FieldError[] {
  const malformed = validateLegacyIp(field, text);
  return malformed.length > 0 ? malformed : validateEndpointIp(field, text);
}

function validateRepeatedPorts({ type, ports = [] }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = { node: new Set<string>(), own: new Set<string>() };
  if (type === "ClusterIP") {
    for (const [i, { nodePort }] of ports.entries())
      if (nodePort) errors.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  }
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    if (seen.node.has(`${protocol}/${nodePort}`)) errors.push(duplicate(`spec.ports[${i}].nodePort`, nodePort));
    seen.node.add(`${protocol}/${nodePort}`);
  }
  for (const [i, { protocol, port }] of ports.entries()) {
    // Shown as Go shows the key, with every field of a port.
    const shown = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (seen.own.has(`${protocol}/${port}`)) errors.push(duplicate(`spec.ports[${i}]`, shown));
    seen.own.add(`${protocol}/${port}`);
  }
  return errors;
}

const SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges";

function validateLoadBalancer({ metadata, spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  const only = (field: string) =>
    spec.type !== "LoadBalancer" && errors.push(forbidden(field, "may only be used when `type` is 'LoadBalancer'"));
  const annotated = metadata.annotations?.[SOURCE_RANGES];
  if (spec.loadBalancerSourceRanges?.length) {
    const field = "spec.LoadBalancerSourceRanges";
    only(field);
    for (const [i, range] of spec.loadBalancerSourceRanges.entries())
      errors.push(...validateLegacyCidr(`${field}[${i}]`, range.trim()));
  } else if (annotated !== undefined) {
    const field = `metadata.annotations[${SOURCE_RANGES}]`;
    only(field);
    if (annotated.trim()) for (const range of annotated.split(",")) errors.push(...validateLegacyCidr(field, range.trim()));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined) only("spec.allocateLoadBalancerNodePorts");
  return [...errors, ...validateBalancerClass(spec)];
}

function validateBalancerClass({ type, loadBalancerClass: name }: Spec): FieldError[] {
  const field = "spec.loadBalancerClass";
  if (name === undefined) return [];
  if (type !== "LoadBalancer") return [forbidden(field, "may only be used when `type` is 'LoadBalancer'")];
  return isQualifiedName(name).map((text) => invalidValue(field, name, text));
}

function validateTraffic(spec: Spec): FieldError[] {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, healthCheckNodePort: health } = spec;
  const errors: FieldError[] = [];
  const policies = ["Cluster", "Local"];
  if (!isExternallyAccessible(spec)) {
    if (external)
      errors.push(invalidValue("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services"));
  } else if (!policies.includes(external!)) errors.push(notSupported("spec.externalTrafficPolicy", external, policies));
  const field = "spec.healthCheckNodePort";
  if (!needsHealthCheck(spec)) {
    const when = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (health) errors.push(invalidValue(field, health, when));
  } else if (!health) errors.push(required(field));
  else errors.push(...isValidPortNum(health).map((text) => invalidValue(field, health, text)));
  if (internal !== undefined && !policies.includes(internal))
    errors.push(notSupported("spec.internalTrafficPolicy", internal, policies));
  const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !distributions.includes(distribution)) {
    const listed = distributions.map((name) => JSON.stringify(name)).join(", ");
    const error = notSupported("spec.trafficDistribution", distribution, []);
    errors.push({ ...error, message: `${error.message}: supported values: ${listed}` });
  }
  return errors;
}

const SET_ONCE = "may not change once set";

export function validateServiceUpdate({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors = [...validateAddressChange(spec, old), ...validateFamilyChange(spec, old)];
  if (spec.type === "LoadBalancer" && old.type === "LoadBalancer" && spec.loadBalancerClass !== old.loadBalancerClass)
    errors.push(invalidValue("spec.loadBalancerClass", spec.loadBalancerClass, SET_ONCE));
  errors.push(...validateBalancerClass(spec)); // told twice, as upstream does
  if (needsHealthCheck(spec) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.healthCheckNodePort)
    errors.push(forbidden("spec.healthCheckNodePort", "field is immutable"));
  return errors;
}

function validateAddressChange(spec: Spec, old: Spec): FieldError[] {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || (isHeadless(spec) && isHeadless(old))) return [];
  const [now = [], was = []] = [spec.clusterIPs, old.clusterIPs];
  const at = (i: number, text: string) => invalidValue(`spec.clusterIPs[${i}]`, now, text);
  if (now.length === was.length) return was.flatMap((ip, i) => (ip === now[i] ? [] : [at(i, SET_ONCE)]));
  const errors: FieldError[] = [];
  if (now.length === 0) errors.push(at(0, "primary clusterIP can not be unset"));
  else if (was.length > 0 && now[0] !== was[0]) errors.push(at(0, SET_ONCE));
  if (was.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== "SingleStack")
    errors.push(
      invalidValue(
        "spec.ipFamilyPolicy",
        spec.ipFamilyPolicy,
        "must be set to 'SingleStack' when releasing the secondary clusterIP",
      ),
    );
  return errors;
}

function validateFamilyChange(spec: Spec, old: Spec): FieldError[] {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || isHeadless(spec) || isHeadless(old)) return [];
  const [now = [], was = []] = [spec.ipFamilies, old.ipFamilies];
  const changed = now.length === was.length ? !sameList(now, was) : was.length > 0 && now[0] !== was[0];
  return changed ? [invalidValue("spec.ipFamilies[0]", now, SET_ONCE)] : [];
}

export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const field = "status.loadBalancer.ingress";
  const ingress = status.loadBalancer.ingress ?? [];
  if (spec.type !== "LoadBalancer" && ingress.length > 0)
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap(({ ip, ipMode, hostname }, i) => {
    const errors = ip ? validateLegacyIp(`${field}[${i}].ip`, ip) : [];
    if (ip && ipMode === undefined) errors.push(required(`${field}[${i}].ipMode`, "must be specified when `ip` is set"));
    else if (!ip && ipMode !== undefined)
      errors.push(forbidden(`${field}[${i}].ipMode`, "may not be specified when `ip` is not set"));
    else if (ipMode !== undefined && ipMode !== "VIP" && ipMode !== "Proxy")
      errors.push(notSupported(`${field}[${i}].ipMode`, ipMode, ["Proxy", "VIP"]));
    if (!hostname) return errors;
    errors.push(...isDNS1123Subdomain(hostname).map((text) => invalidValue(`${field}[${i}].hostname`, hostname, text)));
    if (parseIpSloppy(hostname))
      errors.push(invalidValue(`${field}[${i}].hostname`, hostname, "must be a DNS name, not an IP address"));
    return errors;
  });
}

export function serviceWarnings({ metadata, spec, status }: Service, _old: unknown, context: { subresource: string }): string[] {
  if (context.subresource === "status")
    return (status.loadBalancer.ingress ?? []).flatMap(({ ip }, i) =>
      ip ? warningsForIp(`status.loadBalancer.ingress[${i}].ip`, ip) : [],
    );
  const warnings: string[] = [];
  if (metadata.annotations?.[HINTS] !== undefined) warnings.push(`annotation ${HINTS} is deprecated, please use ${MODE} instead`);
  const external = spec.externalIPs ?? [];
  if (isHeadless(spec)) {
    if (spec.loadBalancerIP) warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (external.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  } else {
    for (const [i, ip] of (spec.clusterIPs ?? []).entries()) warnings.push(...warningsForIp(`spec.clusterIPs[${i}]`, ip));
  }
  for (const [i, ip] of external.entries()) warnings.push(...warningsForIp(`spec.externalIPs[${i}]`, ip));
  if (external.length > 0 && !isHeadless(spec) && spec.type !== "ExternalName")
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if (spec.loadBalancerIP) warnings.push(...warningsForIp("spec.loadBalancerIP", spec.loadBalancerIP));
  for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries())
    warnings.push(...warningsForCidr(`spec.loadBalancerSourceRanges[${i}]`, cidr));
  if (spec.type === "ExternalName" && external.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (spec.type !== "ExternalName" && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
