/**
 * PodSecurity: pods that are less careful than their namespace asks for are refused, or let through with a warning; a template gets the
 * warning its pods would earn.
 *
 * @source staging/src/k8s.io/pod-security-admission/admission/admission.go v1.36
 */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import type { PodTemplateSpec } from "../../../../shared/api/generated/core-v1.ts";
import { Namespace, Pod } from "../../../../shared/api/index.ts";
import { internalError, invalid } from "../../../../shared/apimachinery/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../../types.ts";
import { containersOf } from "../../pod-references.ts";
import { concerns, refuse } from "../refuse.ts";
import type { CheckedPod } from "./checks/check.ts";
import { details, evaluate } from "./evaluate.ts";
import { existingPods } from "./existing-pods.ts";
import { describe, policyOf, strictness, type LevelVersion } from "./policy.ts";

const TEMPLATES = new Set([
  "/replicationcontrollers",
  "/podtemplates",
  "apps/replicasets",
  "apps/deployments",
  "apps/statefulsets",
  "apps/daemonsets",
  "batch/jobs",
  "batch/cronjobs",
]);

export const podSecurity: AdmissionPlugin = {
  name: "PodSecurity",
  handles: (a) => (a.operation === "CREATE" || a.operation === "UPDATE") && (isNamespace(a) || isPod(a) || isTemplate(a)),
  validate(attributes, server) {
    if (isNamespace(attributes)) return checkNamespace(attributes, server);
    const namespace = server.cache(Namespace).get(attributes.namespace);
    if (!namespace) throw internalError(`failed to lookup namespace ${JSON.stringify(attributes.namespace)}`);
    const { policy } = policyOf(namespace.metadata.labels);
    if (isPod(attributes)) {
      const pod = attributes.object as Pod;
      if (attributes.oldObject && !isSignificant(pod, attributes.oldObject as Pod)) return;
      enforce(attributes, pod, policy.enforce);
      warn(attributes, pod, policy.warn);
    } else if (policy.warn.level !== "privileged") {
      const template = templateOf(attributes);
      if (template) warn(attributes, template, policy.warn);
    }
  },
};

const isNamespace = (a: AdmissionAttributes) => concerns(a, Namespace);
const isPod = (a: AdmissionAttributes) => concerns(a, Pod, "", "ephemeralcontainers", "resize");
const isTemplate = (a: AdmissionAttributes) => a.subresource === "" && TEMPLATES.has(`${a.kind.group}/${a.kind.plural}`);

function enforce(attributes: AdmissionAttributes, pod: CheckedPod, level: LevelVersion): void {
  const violations = evaluate(pod, level);
  if (violations.length) throw refuse(attributes, `violates PodSecurity "${describe(level)}": ${details(violations)}`);
}

function warn({ warn: tell }: AdmissionAttributes, pod: CheckedPod, level: LevelVersion): void {
  const violations = evaluate(pod, level);
  if (violations.length) tell(`would violate PodSecurity "${describe(level)}": ${details(violations)}`);
}

/** Of what may change in a pod only images and new ephemeral containers matter. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const images = ({ spec }: Pod) => [...containersOf(spec)].map((c) => [c.name, c.image]);
  return !deepEqual(images(pod), images(old));
}

function templateOf({ object }: AdmissionAttributes): CheckedPod | undefined {
  const { template, spec } = object as unknown as {
    template?: PodTemplateSpec;
    spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
  };
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
  return found?.spec && { metadata: found.metadata ?? {}, spec: found.spec };
}

function checkNamespace({ object, oldObject, warn: tell, name }: AdmissionAttributes, server: ServerContext): void {
  const namespace = object as Namespace;
  const { policy, errors } = policyOf(namespace.metadata.labels);
  const before = oldObject && policyOf(oldObject.metadata.labels);
  if (errors.length && !(before && deepEqual(before.errors, errors))) {
    throw invalid({ group: "", resource: "Namespace" }, name || (namespace.metadata.name ?? ""), errors);
  }
  if (!before) return;
  const { enforce: next } = policy;
  const { enforce: last } = before.policy;
  const isStricter = next.version !== last.version || strictness(next.level) > strictness(last.level);
  if (next.level !== "privileged" && isStricter) existingPods(namespace.metadata.name!, next, server).forEach(tell);
}
