/**
 * Namespaces that are being deleted: empties them, pods first, and lets them go.
 *
 * @source pkg/controller/namespace v1.36
 */
import { Namespace, Pod, type Kind } from "../../../shared/api/index.ts";
import { isConflict, isNotFound, methodNotSupported, type ApiError } from "../../../shared/apimachinery/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, watching, type ControllerContext, type Result } from "../../../shared/client/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import { discoverKinds, type Discovered } from "../common/discovery.ts";
import { messageOf } from "../common/pod-control.ts";
import { isPodFinished } from "../common/pod-state.ts";
import { conditionsOf, type Findings } from "./conditions.ts";

const FINALIZER = "kubernetes";
/** Objects that are held by a finalizer are looked at again this often. */
const RETRY_MS = 2000;
const AT_ONCE = 10;

export const namespace = defineController({
  name: "namespace-controller",
  for: Namespace,
  when: (ns: Namespace, _old, deleted) => !deleted && !!ns.metadata.deletionTimestamp,
  // The last pod that goes lets the rest follow at once.
  watches: [
    watching(
      Pod,
      (pod, { cache }) => (isTerminating(cache.get(Namespace, pod.metadata.namespace!)) ? [pod.metadata.namespace!] : []),
      (_p, _o, gone) => gone,
    ),
  ],
  workers: 10,
  async reconcile(key, context) {
    const { client, cache } = context;
    const seen = cache.get(Namespace, key);
    if (!seen?.metadata.deletionTimestamp) return done;
    // Read afresh: what was made before the deletion has to be visible to the lists below.
    const ns = await client.get(Namespace, { name: key }).catch(absent);
    if (!isTerminating(ns) || !ns.spec?.finalizers?.length) return done;
    return empty(await markTerminating(ns, context), context);
  },
});

const isTerminating = (ns: Namespace | undefined): ns is Namespace => !!ns?.metadata.deletionTimestamp;

async function markTerminating(ns: Namespace, { client }: ControllerContext): Promise<Namespace> {
  if (ns.status?.phase === "Terminating") return ns;
  return client.updateStatus(Namespace, { ...ns, status: { ...ns.status, phase: "Terminating" } });
}

async function empty(ns: Namespace, context: ControllerContext): Promise<Result> {
  const discovered = await discoverKinds(context.client);
  const findings = await deleteContent(ns, discovered, context);
  const conditions = conditionsOf(findings, ns.status?.conditions ?? [], context.clock.now());
  let latest = ns;
  if (conditions !== ns.status?.conditions) {
    const status = { ...ns.status, conditions: [...conditions] };
    latest = (await context.client.updateStatus(Namespace, { ...ns, status }).catch(absent)) ?? ns;
  }
  const { failures, discovery, remaining } = findings;
  if (failures.length || discovery.length) throw new Error([...failures, ...discovery].join("; "));
  if (Object.keys(remaining).length) return { requeueAfterMs: RETRY_MS };
  await finalize(latest, context);
  return done;
}

async function deleteContent(ns: Namespace, { kinds, failures }: Discovered, context: ControllerContext): Promise<Findings> {
  const findings: Findings = {
    discovery: [...failures].map(([group, error]) => `${group}: ${messageOf(error)}`),
    failures: [],
    remaining: {},
    finalizers: {},
  };
  await deleteKind(Pod, ns, findings, context);
  // Pods may still need what they were made with.
  if (Object.keys(findings.remaining).length) return findings;
  const rest = kinds.filter(
    (k) => k.scope === "Namespaced" && k.verbs.includes("delete") && !(k.group === "" && k.plural === "pods"),
  );
  for (let i = 0; i < rest.length; i += AT_ONCE) {
    await Promise.all(rest.slice(i, i + AT_ONCE).map((kind) => deleteKind(kind, ns, findings, context)));
  }
  return findings;
}

async function deleteKind(kind: Kind<any>, ns: Namespace, findings: Findings, context: ControllerContext): Promise<void> {
  try {
    const left = await deleteAll(kind, ns.metadata.name, context);
    if (left.length === 0) return;
    findings.remaining[`${kind.plural}.${kind.group}`] = left.length;
    for (const { metadata } of left) {
      for (const finalizer of metadata.finalizers ?? [])
        findings.finalizers[finalizer] = (findings.finalizers[finalizer] ?? 0) + 1;
    }
    const held = left.some((o) => o.metadata.finalizers?.length);
    if (!held && !mayStillTerminate(kind, left, ns, context)) {
      findings.failures.push(
        `unexpected items still remain in namespace: ${ns.metadata.name} for gvr: ${kind.group}/${kind.version}, Resource=${kind.plural}`,
      );
    }
  } catch (error) {
    findings.failures.push(messageOf(error));
  }
}

/** Objects of this kind that are left after all have been asked to go. */
async function deleteAll(kind: Kind<KubeObject>, namespace: string, { client }: ControllerContext): Promise<KubeObject[]> {
  const list = async () => (await client.list(kind, { namespace }).catch(noneIfUnsupported))?.items ?? [];
  const before = kind.verbs.includes("list") ? await list() : [];
  if (before.length === 0) return [];
  if (kind.verbs.includes("deletecollection")) {
    await client.deleteCollection(kind, { namespace, propagationPolicy: "Background" }).catch(noneIfUnsupported);
  } else {
    for (const { metadata } of before)
      await client.delete(kind, metadata, { propagationPolicy: "Background" }).catch(noneIfUnsupported);
  }
  return list();
}

/** Pods take their grace period; only after it they are a surprise. */
function mayStillTerminate(kind: Kind<any>, left: KubeObject[], ns: Namespace, { clock }: ControllerContext): boolean {
  if (kind !== (Pod as Kind<any>)) return false;
  const graces = (left as Pod[]).filter((pod) => !isPodFinished(pod)).map((pod) => pod.spec.terminationGracePeriodSeconds ?? 0);
  return clock.now() - parseTime(ns.metadata.deletionTimestamp!) < Math.max(0, ...graces) * 1000;
}

async function finalize(ns: Namespace, { client }: ControllerContext): Promise<void> {
  const finalizers = (ns.spec?.finalizers ?? []).filter((f) => f !== FINALIZER);
  const body = { ...ns, apiVersion: "v1", kind: "Namespace", spec: { ...ns.spec, finalizers } };
  await client.subresource(Namespace, { name: ns.metadata.name }, "finalize", { method: "PUT", body }).catch((error: unknown) => {
    if (isConflict(error)) throw error;
    absent(error);
  });
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

const NOT_SUPPORTED = methodNotSupported({ group: "", resource: "" }, "").reason;

function noneIfUnsupported(error: unknown): undefined {
  if (!isNotFound(error) && (error as ApiError).reason !== NOT_SUPPORTED) throw error;
}
