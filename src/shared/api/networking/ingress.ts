/**
 * Ingresses: rules from hosts and paths to Services.
 *
 * @source pkg/apis/networking/validation/validation.go, pkg/printers/internalversion/printers.go v1.36
 */
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isPathSegmentName,
  isValidPortName,
  isValidPortNum,
  isWildcardDNS1123Subdomain,
} from "../../apimachinery/validation.ts";
import { parseIpSloppy, validateLegacyIp } from "../../apimachinery/validation-ip.ts";
import { age, NONE } from "../cells.ts";
import type { TypedLocalObjectReference } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import type { HTTPIngressPath, IngressBackend, IngressTLS, Ingress as T } from "../generated/networking-v1.ts";
import { defineKind } from "../kind.ts";

const CLASS = "kubernetes.io/ingress.class";
const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const REFUSED_IN_PATHS = ["//", "/./", "/../", "%2f", "%2F"];
const REFUSED_AT_END = ["/..", "/."];
const SHOWN_HOSTS = 3;

export const Ingress = defineKind<T>({
  ...facts["networking.k8s.io/v1/ingresses"],
  generation: true,
  cells(ingress, context) {
    const { metadata, spec, status } = ingress;
    const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
    const ports = spec?.tls?.length ? "80, 443" : "80";
    const shown = [...new Set(addresses)].sort().join(",");
    return [metadata.name, spec?.ingressClassName ?? NONE, hostsOf(ingress), shown, ports, age(ingress, context)];
  },
  validate({ metadata, spec }, _context, old) {
    const [annotated, name] = [metadata.annotations?.[CLASS], spec.ingressClassName];
    if (old || annotated === undefined || name === undefined || annotated === name) return validateSpec(spec);
    const text = "must match `ingressClassName` when both are specified";
    return [...validateSpec(spec), invalidValue(`annotations.${CLASS}`, annotated, text)];
  },
  validateStatusUpdate: validateStatus,
  warnings({ metadata, spec }, old) {
    if (old || metadata.annotations?.[CLASS] === undefined || spec.ingressClassName !== undefined) return [];
    return [`annotation "${CLASS}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
});
export type Ingress = T;

function hostsOf({ spec }: T): string {
  const rules = spec?.rules ?? [];
  const hosts: string[] = [];
  for (const [i, { host }] of rules.entries()) {
    if (hosts.length === SHOWN_HOSTS) return `${hosts.join(",")} + ${rules.length - SHOWN_HOSTS} more...`;
    if (host) hosts.push(host);
    else if (i === rules.length - 1 && hosts.length === 0) return "*";
  }
  return hosts.join(",") || "*";
}

function validateSpec(spec: T["spec"]): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !spec.defaultBackend)
    errors.push(invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified"));
  if (spec.defaultBackend) errors.push(...validateBackend("spec.defaultBackend", spec.defaultBackend));
  for (const [i, { host, http }] of (spec.rules ?? []).entries()) {
    const field = `spec.rules[${i}]`;
    if (host) errors.push(...validateHost(`${field}.host`, host));
    if (http && !http.paths?.length) errors.push(required(`${field}.http.paths`));
    for (const [k, path] of (http?.paths ?? []).entries()) errors.push(...validatePath(`${field}.http.paths[${k}]`, path));
  }
  for (const [i, tls] of (spec.tls ?? []).entries()) errors.push(...validateTls(`spec.tls[${i}]`, tls));
  const name = spec.ingressClassName;
  if (name !== undefined)
    errors.push(...isDNS1123Subdomain(name).map((text) => invalidValue("spec.ingressClassName", name, text)));
  return errors;
}

function validateHost(field: string, host: string): FieldError[] {
  const errors = parseIpSloppy(host) ? [invalidValue(field, host, "must be a DNS name, not an IP address")] : [];
  return [...errors, ...validatePattern(field, host)];
}

function validatePattern(field: string, host: string): FieldError[] {
  const texts = host.includes("*") ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host);
  return texts.map((text) => invalidValue(field, host, text));
}

function validateTls(field: string, { hosts = [], secretName }: IngressTLS): FieldError[] {
  const secret = secretName ? isDNS1123Subdomain(secretName) : [];
  return [
    ...hosts.flatMap((host, i) => validatePattern(`${field}.hosts[${i}]`, host)),
    ...secret.map((text) => invalidValue(`${field}.secretName`, secretName, text)),
  ];
}

function validatePath(field: string, { path = "", pathType, backend }: HTTPIngressPath): FieldError[] {
  if (!pathType) return [required(`${field}.pathType`, "pathType must be specified")];
  const errors: FieldError[] = [];
  const wrong = (text: string) => errors.push(invalidValue(`${field}.path`, path, text));
  const free = pathType === "ImplementationSpecific";
  if (!PATH_TYPES.includes(pathType)) errors.push(notSupported(`${field}.pathType`, pathType, PATH_TYPES));
  else if (!path.startsWith("/") && !(free && path === "")) wrong("must be an absolute path");
  if (PATH_TYPES.includes(pathType) && !free) {
    for (const part of REFUSED_IN_PATHS) if (path.includes(part)) wrong(`must not contain '${part}'`);
    for (const end of REFUSED_AT_END) if (path.endsWith(end)) wrong(`cannot end with '${end}'`);
  }
  return [...errors, ...validateBackend(`${field}.backend`, backend)];
}

function validateBackend(field: string, { service, resource }: IngressBackend): FieldError[] {
  if (service && resource) return [invalidValue(field, "", "cannot set both resource and service backends")];
  if (resource) return validateReference(`${field}.resource`, resource);
  if (!service) return [invalidValue(field, "", "resource or service backend is required")];
  const { name } = service;
  const errors = name
    ? isDNS1123Label(name).map((text) => invalidValue(`${field}.service.name`, name, text))
    : [required(`${field}.service.name`)];
  const port = service.port ?? {};
  if (port.name && port.number) errors.push(invalidValue(field, "", "cannot set both port name & port number"));
  else if (port.name)
    errors.push(...isValidPortName(port.name).map((text) => invalidValue(`${field}.service.port.name`, port.name, text)));
  else if (port.number)
    errors.push(...isValidPortNum(port.number).map((text) => invalidValue(`${field}.service.port.number`, port.number, text)));
  else errors.push(required(field, "port name or number is required"));
  return errors;
}

/** What something of another kind is named by. */
export function validateReference(field: string, { apiGroup, kind, name }: TypedLocalObjectReference): FieldError[] {
  const group = apiGroup === undefined ? [] : isDNS1123Subdomain(apiGroup);
  const errors = group.map((text) => invalidValue(`${field}.apiGroup`, apiGroup, text));
  for (const [member, value] of Object.entries({ kind, name })) {
    if (!value) errors.push(required(`${field}.${member}`));
    else errors.push(...isPathSegmentName(value).map((text) => invalidValue(`${field}.${member}`, value, text)));
  }
  return errors;
}

function validateStatus({ status }: T, old: T): FieldError[] {
  const known = (old.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => ip || []);
  return (status.loadBalancer.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const field = `status.loadBalancer.ingress[${i}]`;
    const errors = ip ? validateLegacyIp(`${field}.ip`, ip, known) : [];
    if (!hostname) return errors;
    const name = `${field}.hostname`;
    errors.push(...isDNS1123Subdomain(hostname).map((text) => invalidValue(name, hostname, text)));
    if (parseIpSloppy(hostname)) errors.push(invalidValue(name, hostname, "must be a DNS name, not an IP address"));
    return errors;
  });
}
