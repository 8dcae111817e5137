/** Service address ranges: ready when they are there, and kept until no address depends on them. */
import { IPAddress, ServiceCIDR } from "../../../shared/api/index.ts";
import { isNotFound, setCondition } from "../../../shared/apimachinery/index.ts";
import { cidrContains, parseCidr, parseIp } from "../../../shared/lib/ip.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { defineController, done, watching, type ControllerContext } from "../../../shared/client/index.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
const RECHECK_MS = 10_000;

export const serviceCidr = defineController({
  name: "service-cidr-controller",
  for: ServiceCIDR,
  reads: [IPAddress],
  watches: [
    watching(
      ServiceCIDR,
      (_cidr, { cache }) => cache.list(ServiceCIDR).map((c) => c.metadata.name),
      (_c, _old, deleted) => deleted,
    ),
  ],
  async reconcile(key, context) {
    const { cache, client } = context;
    const cidr = cache.get(ServiceCIDR, key);
    if (!cidr) return done;
    const { deletionTimestamp, finalizers = [], uid, resourceVersion } = cidr.metadata;
    const setFinalizers = (next: string[]) =>
      client
        .patch(ServiceCIDR, cidr.metadata, "merge", { metadata: { uid, resourceVersion, finalizers: next } })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    if (!deletionTimestamp) {
      if (finalizers.includes(FINALIZER)) await setReady(cidr, "True", "", "Kubernetes Service CIDR is ready", context);
      else await setFinalizers([...finalizers, FINALIZER]);
      return done;
    }
    if (!finalizers.includes(FINALIZER)) return done;
    if (dependents(cidr, cache.list(ServiceCIDR), cache.list(IPAddress))) {
      const message = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
      await setReady(cidr, "False", "Terminating", message, context);
      return { requeueAfterMs: RECHECK_MS };
    }
    await setFinalizers(finalizers.filter((f) => f !== FINALIZER));
    return done;
  },
});

async function setReady(
  cidr: ServiceCIDR,
  status: "True" | "False",
  reason: string,
  message: string,
  { client, clock }: ControllerContext,
): Promise<void> {
  const before = cidr.status?.conditions;
  const now = formatTime(clock.now());
  const conditions = setCondition(before, { type: "Ready", status, reason, message, lastTransitionTime: now }, now);
  if (conditions !== before) await client.updateStatus(ServiceCIDR, { ...cidr, status: { ...cidr.status, conditions } });
}

/** Some address is in this range and in no other that stays. */
function dependents(cidr: ServiceCIDR, all: readonly ServiceCIDR[], addresses: readonly IPAddress[]): boolean {
  const rangesOf = (c: ServiceCIDR) => (c.spec?.cidrs ?? []).map((text) => parseCidr(text)).filter((r) => r !== undefined);
  const others = all.filter((c) => c.metadata.uid !== cidr.metadata.uid && !c.metadata.deletionTimestamp).flatMap(rangesOf);
  const own = rangesOf(cidr);
  return addresses.some(({ metadata: { name } }) => {
    const ip = parseIp(name);
    return !!ip && own.some((r) => cidrContains(r, ip)) && !others.some((r) => cidrContains(r, ip));
  });
}
