/**
 * Network policies: which pods may talk to which.
 *
 * @source pkg/apis/networking/validation/validation.go, pkg/registry/networking/networkpolicy/strategy.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { selectorFromObject } from "../../apimachinery/selectors.ts";
import { isValidPortName, isValidPortNum, validateLabelSelector } from "../../apimachinery/validation.ts";
import { parseCidrSloppy, validateLegacyCidr, warningsForCidr } from "../../apimachinery/validation-ip.ts";
import { cidrContains } from "../../lib/ip.ts";
import { age, NONE } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicy as T } from "../generated/networking-v1.ts";
import { defineKind } from "../kind.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TYPES = ["Ingress", "Egress"];

export const NetworkPolicy = defineKind<T>({
  ...facts["networking.k8s.io/v1/networkpolicies"],
  generation: true,
  setDefaults({ spec }) {
    if (!spec) return;
    for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of ports) port.protocol ??= "TCP";
    // A policy that does not say is about ingress at least.
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  },
  cells: (object, context) => [object.metadata.name, selectorText(object), age(object, context)],
  validate({ spec }, _context, old) {
    const known = old
      ? rulesOf(old).flatMap(({ peers }) => peers.flatMap(({ ipBlock }) => (ipBlock ? rangesOf(ipBlock) : [])))
      : [];
    const types = spec.policyTypes ?? [];
    return [
      ...validateLabelSelector("spec.podSelector", spec.podSelector),
      ...rulesOf({ spec }).flatMap(({ field, ports, side, peers }) => [
        ...ports.flatMap((port, i) => validatePort(`${field}.ports[${i}]`, port)),
        ...peers.flatMap((peer, i) => validatePeer(`${field}.${side}[${i}]`, peer, known)),
      ]),
      ...(types.length > TYPES.length
        ? [invalidValue("spec.policyTypes", types, "may not specify more than two policyTypes")]
        : types.flatMap((type, i) =>
            TYPES.includes(type) ? [] : [notSupported(`spec.policyTypes[${i}]`, type, TYPES, "given")],
          )),
    ];
  },
  warnings: (policy) =>
    rulesOf(policy).flatMap(({ field, side, peers }) =>
      peers.flatMap(({ ipBlock }, i) => {
        if (!ipBlock) return [];
        const at = `${field}.${side}[${i}].ipBlock`;
        const [cidr, ...except] = rangesOf(ipBlock);
        return [
          ...warningsForCidr(`${at}.cidr`, cidr!),
          ...except.flatMap((text, k) => warningsForCidr(`${at}.except[${k}]`, text)),
        ];
      }),
    ),
});
export type NetworkPolicy = T;

interface Rule {
  field: string;
  ports: readonly NetworkPolicyPort[];
  side: "from" | "to";
  peers: readonly NetworkPolicyPeer[];
}

function rulesOf({ spec }: Pick<T, "spec">): Rule[] {
  const into = (spec.ingress ?? []).map(({ ports = [], from = [] }, i): Rule => ({
    field: `spec.ingress[${i}]`,
    ports,
    side: "from",
    peers: from,
  }));
  const out = (spec.egress ?? []).map(({ ports = [], to = [] }, i): Rule => ({
    field: `spec.egress[${i}]`,
    ports,
    side: "to",
    peers: to,
  }));
  return [...into, ...out];
}

const rangesOf = ({ cidr, except = [] }: IPBlock): string[] => [cidr, ...except];

function selectorText({ spec }: T): string {
  try {
    return selectorFromObject(spec?.podSelector ?? {}).toString() || NONE;
  } catch {
    return "<error>";
  }
}

function validatePort(field: string, { protocol, port, endPort }: NetworkPolicyPort): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = (member: string, value: unknown, texts: readonly string[]) =>
    errors.push(...texts.map((text) => invalidValue(`${field}.${member}`, value, text)));
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS, "given"));
  if (port === undefined) {
    if (endPort !== undefined) wrong("endPort", endPort, ["may not be specified when `port` is not specified"]);
  } else if (typeof port === "number") {
    wrong("port", port, isValidPortNum(port));
    if (endPort === undefined) return errors;
    // Upstream shows the port here, too.
    if (endPort < port) wrong("endPort", port, ["must be greater than or equal to `port`"]);
    wrong("endPort", endPort, isValidPortNum(endPort));
  } else {
    if (endPort !== undefined) wrong("endPort", endPort, ["may not be specified when `port` is non-numeric"]);
    wrong("port", port, isValidPortName(port));
  }
  return errors;
}

function validatePeer(field: string, peer: NetworkPolicyPeer, known: readonly string[]): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(`${field}.podSelector`, podSelector),
    ...validateLabelSelector(`${field}.namespaceSelector`, namespaceSelector),
    ...(ipBlock ? validateBlock(`${field}.ipBlock`, ipBlock, known) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, "must specify a peer"));
  if (ipBlock && (podSelector || namespaceSelector))
    errors.push(forbidden(field, "may not specify both ipBlock and another peer"));
  return errors;
}

function validateBlock(field: string, { cidr, except = [] }: IPBlock, known: readonly string[]): FieldError[] {
  if (!cidr) return [required(`${field}.cidr`)];
  const errors = validateLegacyCidr(`${field}.cidr`, cidr, known);
  const outer = parseCidrSloppy(cidr)?.cidr;
  if (!outer) return errors;
  for (const [i, text] of except.entries()) {
    const at = `${field}.except[${i}]`;
    errors.push(...validateLegacyCidr(at, text, known));
    const inner = parseCidrSloppy(text)?.cidr;
    if (inner && (!cidrContains(outer, { family: inner.family, value: inner.base }) || outer.bits >= inner.bits))
      errors.push(invalidValue(at, text, "must be a strict subset of `cidr`"));
  }
  return errors;
}
