/** What makes a StatefulSet's pod the one it is: name, labels, host name and claims by its ordinal. */
import { PersistentVolumeClaim, StatefulSet, type Pod } from "../../../shared/api/index.ts";
import type { PodSpec, PodTemplateSpec, Volume } from "../../../shared/api/generated/core-v1.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { podFromTemplate } from "../common/pod-control.ts";

export const REVISION_LABEL = "controller-revision-hash";
export const NAME_LABEL = "statefulset.kubernetes.io/pod-name";
export const INDEX_LABEL = "apps.kubernetes.io/pod-index";

/** `web-3` → ["web", 3]; ordinal -1 where the name has none. */
function nameAndOrdinal(name: string): [parent: string, ordinal: number] {
  const match = /^(.*)-([0-9]+)$/s.exec(name);
  return match ? [match[1]!, Number(match[2])] : ["", -1];
}

export const ordinalOf = (pod: Pod): number => nameAndOrdinal(pod.metadata.name)[1];
export const isMember = (set: StatefulSet, pod: Pod): boolean => nameAndOrdinal(pod.metadata.name)[0] === set.metadata.name;
export const startOrdinal = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0;
export const claimName = (template: string, set: StatefulSet, ordinal: number): string =>
  `${template}-${set.metadata.name}-${ordinal}`;

export function draftPod(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Draft<Pod> {
  const pod = podFromTemplate(template, StatefulSet, set);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _, ...metadata } = pod.metadata;
  const labels = { ...metadata.labels, [NAME_LABEL]: name, [INDEX_LABEL]: String(ordinal), [REVISION_LABEL]: revision };
  const spec = pod.spec as PodSpec;
  return {
    metadata: { ...metadata, name, labels },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
      volumes: withClaims(set, spec.volumes ?? [], ordinal),
    } as Draft<PodSpec>,
  };
}

/** Claims take the place of volumes of the same name. */
function withClaims(set: StatefulSet, volumes: readonly Volume[], ordinal: number): Volume[] {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const claims = templates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(name, set, ordinal) },
  }));
  return [...(claims as Volume[]), ...volumes.filter((v) => !claims.some((c) => c.name === v.name))];
}

export function claimsOf(set: StatefulSet, ordinal: number): Draft<PersistentVolumeClaim>[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...(template as Draft<PersistentVolumeClaim>),
    metadata: {
      ...(template.metadata as object),
      name: claimName(template.metadata.name, set, ordinal),
      namespace: set.metadata.namespace!,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }));
}

/** Name label and claims are as they have to be. */
export function isIdentified(set: StatefulSet, pod: Pod): boolean {
  if (pod.metadata.labels?.[NAME_LABEL] !== pod.metadata.name) return false;
  const ordinal = ordinalOf(pod);
  return (set.spec.volumeClaimTemplates ?? []).every(({ metadata: { name } }) =>
    pod.spec.volumes?.some((v) => v.name === name && v.persistentVolumeClaim?.claimName === claimName(name, set, ordinal)),
  );
}
