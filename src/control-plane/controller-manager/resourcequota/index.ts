/**
 * Resource quotas: counts what is there. Admission adds what is created; this controller finds what is gone, and corrects.
 *
 * Kinds of every cluster are watched; others (`count/widgets.example.com`) are listed now and then while a quota names them.
 */
import {
  builtInKinds,
  ConfigMap,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  type Kind,
} from "../../../shared/api/index.ts";
import { keyOf, type KubeObject } from "../../../shared/apimachinery/meta.ts";
import { compareQuantities } from "../../../shared/apimachinery/index.ts";
import { defineController, done, watching, type ControllerContext } from "../../../shared/client/index.ts";
import { discoverKinds } from "../common/discovery.ts";
import { isPodFinished } from "../common/pod-state.ts";
import { sameOnTheWire } from "../common/write-status.ts";
import { countedKinds, statusOf } from "./plan.ts";

const WATCHED: readonly Kind<any>[] = [
  Pod,
  Service,
  PersistentVolumeClaim,
  ReplicationController,
  ConfigMap,
  Secret,
  ResourceQuota,
];
const LIST_EVERY_MS = 5_000;
const RECOUNT_EVERY_MS = 5 * 60_000;

const quotasOf = (object: KubeObject, { cache }: ControllerContext<any>) =>
  cache.list(ResourceQuota, object.metadata.namespace).map((q) => keyOf(q.metadata));

export const resourceQuota = defineController({
  name: "resourcequota-controller",
  for: ResourceQuota,
  // Not each change of status: admission charges a quota before the object is there, and a count in between would take the charge back.
  when: (quota: ResourceQuota, old: ResourceQuota | undefined) =>
    !old || !sameOnTheWire(quota.spec, old.spec) || !sameOnTheWire(quota.spec?.hard, quota.status?.hard),
  reads: WATCHED,
  watches: [
    ...WATCHED.filter((kind) => kind !== Pod).map((kind) => watching(kind, quotasOf, (_object, _old, deleted) => deleted)),
    watching(Service, quotasOf, (service, old) => old?.spec?.type !== service.spec?.type),
    watching(
      Pod,
      quotasOf,
      (pod, old, deleted) =>
        deleted ||
        (!!old &&
          (isPodFinished(pod) !== isPodFinished(old) || !pod.metadata.deletionTimestamp !== !old.metadata.deletionTimestamp)),
    ),
  ],
  async reconcile(key, context) {
    const { cache, client, clock } = context;
    const quota = cache.get(ResourceQuota, key);
    if (!quota) return done;
    const kinds = countedKinds(quota, await allKinds(quota, context));
    const others = kinds.filter((kind) => !WATCHED.includes(kind));
    const objects = new Map<Kind<any>, readonly KubeObject[]>();
    const { namespace } = quota.metadata;
    for (const kind of kinds) {
      const watched = WATCHED.includes(kind);
      objects.set(
        kind,
        watched ? cache.list(kind, namespace) : ((await client.list(kind, { namespace: namespace! })).items as KubeObject[]),
      );
    }
    const status = statusOf(quota, objects, clock.now());
    if (!sameStatus(quota.status, status)) await client.updateStatus(ResourceQuota, { ...quota, status });
    return { requeueAfterMs: others.length ? LIST_EVERY_MS : RECOUNT_EVERY_MS };
  },
});

/** Custom kinds are only looked for where a resource counts something that is not built in. */
async function allKinds(quota: ResourceQuota, { client }: ControllerContext): Promise<readonly Kind<any>[]> {
  const counted = Object.keys(quota.spec?.hard ?? {}).filter((r) => r.startsWith("count/"));
  const names = new Set(builtInKinds.map((k) => (k.group ? `count/${k.plural}.${k.group}` : `count/${k.plural}`)));
  if (counted.every((r) => names.has(r))) return oncePerResource(builtInKinds);
  return oncePerResource((await discoverKinds(client)).kinds);
}

/** A resource in several versions counts once. */
function oncePerResource(kinds: readonly Kind<any>[]): Kind<any>[] {
  const found = new Map<string, Kind<any>>();
  for (const kind of kinds) if (!found.has(`${kind.group}/${kind.plural}`)) found.set(`${kind.group}/${kind.plural}`, kind);
  return [...found.values()];
}

function sameStatus(a: ResourceQuota["status"], b: ResourceQuota["status"]): boolean {
  const same = (x: Record<string, string> = {}, y: Record<string, string> = {}) =>
    Object.keys(x).length === Object.keys(y).length &&
    Object.keys(x).every((k) => y[k] !== undefined && compareQuantities(x[k]!, y[k]) === 0);
  return same(a?.hard, b?.hard) && same(a?.used, b?.used);
}
