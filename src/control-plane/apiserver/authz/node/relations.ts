/**
 * What is whose business on which node: objects that the pods bound to a node name, and what those name in turn.
 *
 *   node n1 ← pod ns/p ← secret ns/s, config map, service account, claim ns/c ← volume v ← secret of the volume's driver
 *
 * Pods by node are kept up to date; the rest is looked up from there, a node's pods being few.
 *
 * @source plugin/pkg/auth/authorizer/node/graph.go v1.36
 */
import { PersistentVolume, PersistentVolumeClaim, Pod, ResourceSlice, VolumeAttachment } from "../../../../shared/api/index.ts";
import { keyOf } from "../../../../shared/apimachinery/meta.ts";
import { claimsOf, configMapsOf, secretsOf } from "../../pod-references.ts";
import type { ServerContext } from "../../types.ts";

export type RelatedKind =
  | "pods"
  | "secrets"
  | "configmaps"
  | "persistentvolumeclaims"
  | "persistentvolumes"
  | "resourceclaims"
  | "serviceaccounts"
  | "volumeattachments"
  | "resourceslices";

export interface NodeRelations {
  isRelated(node: string, kind: RelatedKind, namespace: string, name: string): boolean;
  close(): void;
}

export function followNodes(server: ServerContext): NodeRelations {
  const pods = server.cache(Pod);
  const byNode = new Map<string, Map<string, Pod>>();
  const put = (pod: Pod) => {
    const node = pod.spec.nodeName;
    if (!node) return;
    const there = byNode.get(node) ?? new Map<string, Pod>();
    byNode.set(node, there.set(keyOf(pod.metadata), pod));
  };
  const remove = (pod: Pod) => {
    const there = byNode.get(pod.spec.nodeName ?? "");
    there?.delete(keyOf(pod.metadata));
    if (there?.size === 0) byNode.delete(pod.spec.nodeName!);
  };
  const close = pods.subscribe((type, pod, old) => {
    if (type !== "ADDED" && (type === "DELETED" || old?.spec.nodeName !== pod.spec.nodeName)) remove(old ?? pod);
    if (type !== "DELETED") put(pod);
  });
  for (const pod of pods.list()) put(pod);
  const podsOn = (node: string, namespace?: string) =>
    [...(byNode.get(node)?.values() ?? [])].filter((p) => namespace === undefined || p.metadata.namespace === namespace);
  return { isRelated: (node, kind, namespace, name) => questions[kind]({ server, podsOn, node }, namespace, name), close };
}

interface Around {
  server: ServerContext;
  node: string;
  podsOn(node: string, namespace?: string): Pod[];
}

type Question = (around: Around, namespace: string, name: string) => boolean;

const references = new WeakMap<Pod, Map<string, ReadonlySet<string>>>();

/** Names that a pod refers to, worked out once an object. */
function referencesOf(pod: Pod, what: string, find: (pod: Pod) => Iterable<string>): ReadonlySet<string> {
  const known = references.get(pod) ?? new Map<string, ReadonlySet<string>>();
  references.set(pod, known);
  return known.get(what) ?? known.set(what, new Set(find(pod))).get(what)!;
}

const named =
  (what: string, find: (pod: Pod) => Iterable<string>): Question =>
  ({ podsOn, node }, namespace, name) =>
    podsOn(node, namespace).some((pod) => referencesOf(pod, what, find).has(name));

const isClaimed = named("claims", (pod) => claimsOf(pod.spec, pod.metadata.name!));
const isNamedSecret = named("secrets", (pod) => secretsOf(pod.spec));

const questions: Record<RelatedKind, Question> = {
  pods: ({ server, node }, namespace, name) => server.cache(Pod).get(`${namespace}/${name}`)?.spec.nodeName === node,
  secrets: (around, namespace, name) => isNamedSecret(around, namespace, name) || isSecretOfVolume(around, namespace, name),
  configmaps: named("configMaps", (pod) => configMapsOf(pod.spec)),
  serviceaccounts: named("accounts", (pod) => [pod.spec.serviceAccountName ?? ""]),
  resourceclaims: named("resourceClaims", resourceClaimsOf),
  persistentvolumeclaims: isClaimed,
  persistentvolumes: (around, _, name) => isVolumeUsed(around, around.server.cache(PersistentVolume).get(name)),
  volumeattachments: ({ server, node }, _, name) => server.cache(VolumeAttachment).get(name)?.spec.nodeName === node,
  resourceslices: ({ server, node }, _, name) => server.cache(ResourceSlice).get(name)?.spec.nodeName === node,
};

function isVolumeUsed(around: Around, volume: PersistentVolume | undefined): boolean {
  const claim = volume?.spec?.claimRef;
  return claim !== undefined && isClaimed(around, claim.namespace ?? "", claim.name ?? "");
}

/** Secrets that a volume's driver needs on the node. */
function isSecretOfVolume(around: Around, namespace: string, name: string): boolean {
  const { server, podsOn, node } = around;
  for (const pod of podsOn(node)) {
    for (const claim of claimsOf(pod.spec, pod.metadata.name!)) {
      const volumeName = server.cache(PersistentVolumeClaim).get(`${pod.metadata.namespace}/${claim}`)?.spec.volumeName;
      const volume = volumeName ? server.cache(PersistentVolume).get(volumeName) : undefined;
      if (volume && isVolumeUsed(around, volume) && secretsOfVolume(volume).includes(`${namespace}/${name}`)) return true;
    }
  }
  return false;
}

function secretsOfVolume({ spec = {} }: PersistentVolume): string[] {
  const { csi, azureFile, cephfs, flexVolume, rbd, scaleIO, iscsi, claimRef } = spec;
  const refs = [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef];
  const own = [cephfs?.secretRef, flexVolume?.secretRef, rbd?.secretRef, scaleIO?.secretRef, iscsi?.secretRef];
  const home = claimRef?.namespace ?? "";
  const azure = azureFile && `${azureFile.secretNamespace || home}/${azureFile.secretName}`;
  return [...refs, ...own].flatMap((r) => (r ? [`${r.namespace || home}/${r.name}`] : [])).concat(azure ?? []);
}

function resourceClaimsOf({ spec, status }: Pod): string[] {
  const given = (spec.resourceClaims ?? []).map((c) => c.resourceClaimName);
  const made = (status?.resourceClaimStatuses ?? []).map((c) => c.resourceClaimName);
  const extended = status?.extendedResourceClaimStatus?.resourceClaimName;
  return [...given, ...made, extended].filter((name) => name !== undefined);
}
