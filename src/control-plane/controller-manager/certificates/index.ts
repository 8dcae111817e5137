/** Certificate signing requests: approves those of kubelets, signs what is approved, and clears away what is old. */
import { CertificateSigningRequest, SubjectAccessReview } from "../../../shared/api/index.ts";
import { isConditionTrue, isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, type ControllerContext, type ControllerDefinition } from "../../../shared/client/index.ts";
import { certify, readSigningRequest, type Authority, type SigningRequest } from "../../../shared/component/pki/index.ts";
import { formatTime, parseTime } from "../../../shared/lib/platform.ts";
import { messageOf } from "../common/pod-control.ts";
import { KUBELET_SERVING, recognize, refusal, SIGNERS } from "./recognize.ts";

type Csr = CertificateSigningRequest;

const YEAR_SECONDS = 365 * 24 * 3600;
const SHORTEST_SECONDS = 600;
const BACKDATE_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const has = (csr: Csr, type: string) => isConditionTrue(csr.status?.conditions, type);

/** undefined where the request cannot be read. */
function requestOf(csr: Csr): SigningRequest | undefined {
  try {
    return readSigningRequest(Buffer.from(csr.spec.request, "base64").toString());
  } catch {
    // Not a request anybody could sign: validation at the API or the signer says so.
    return undefined;
  }
}

export const certificateApprover = defineController({
  name: "certificatesigningrequest-approving-controller",
  for: CertificateSigningRequest,
  async reconcile(key, { cache, client, clock }) {
    const csr = cache.get(CertificateSigningRequest, key);
    if (!csr || csr.status?.certificate || has(csr, "Approved") || has(csr, "Denied")) return done;
    const request = requestOf(csr);
    const recognized = request && recognize(csr, request);
    if (!recognized) return done;
    const { username = "", uid, groups, extra } = csr.spec;
    const resourceAttributes = {
      group: "certificates.k8s.io",
      resource: "certificatesigningrequests",
      verb: "create",
      subresource: recognized.permission,
      version: "*",
    };
    const review = await client.create(SubjectAccessReview, {
      spec: { user: username, ...(uid && { uid }), ...(groups && { groups }), ...(extra && { extra }), resourceAttributes },
    });
    if (!review.status?.allowed) return done;
    const at = formatTime(clock.now());
    const condition = {
      type: "Approved",
      status: "True",
      reason: "AutoApproved",
      message: recognized.message,
      lastUpdateTime: at,
      lastTransitionTime: at,
    };
    const body = { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] } };
    await client.subresource(CertificateSigningRequest, { name: key }, "approval", { method: "PUT", body });
    return done;
  },
});

/** Signs with the cluster's authority. */
export function certificateSigner(authority: Authority): ControllerDefinition {
  return defineController({
    name: "certificatesigningrequest-signing-controller",
    for: CertificateSigningRequest,
    async reconcile(key, context) {
      const { cache, client, clock } = context;
      const csr = cache.get(CertificateSigningRequest, key);
      if (!csr || csr.status?.certificate || !has(csr, "Approved") || has(csr, "Denied") || has(csr, "Failed")) return done;
      if (!SIGNERS.includes(csr.spec.signerName)) return done;
      const request = requestOf(csr);
      const why = request ? refusal(csr, request) : "the request could not be parsed";
      const at = formatTime(clock.now());
      if (why !== undefined) {
        const condition = {
          type: "Failed",
          status: "True",
          reason: "SignerValidationFailure",
          message: why,
          lastUpdateTime: at,
          lastTransitionTime: at,
        };
        await client.updateStatus(CertificateSigningRequest, {
          ...csr,
          status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] },
        });
        return done;
      }
      const certificate = Buffer.from(sign(authority, csr, request!, context)).toString("base64");
      await client.updateStatus(CertificateSigningRequest, { ...csr, status: { ...csr.status, certificate } });
      return done;
    },
  });
}

function sign(
  authority: Authority,
  csr: Csr,
  { subject, names, publicKey }: SigningRequest,
  { clock, random }: ControllerContext,
): string {
  const seconds = Math.max(SHORTEST_SECONDS, Math.min(csr.spec.expirationSeconds ?? YEAR_SECONDS, YEAR_SECONDS));
  const now = clock.now();
  const validity = { notBefore: now - BACKDATE_MS, notAfter: now + seconds * 1000 };
  const server = csr.spec.signerName === KUBELET_SERVING || csr.spec.usages?.includes("server auth");
  const client = csr.spec.usages?.includes("client auth");
  const usages = [...(server ? (["server"] as const) : []), ...(client ? (["client"] as const) : [])];
  const serial = random.bytes(16);
  serial[0]! &= 0x7f;
  return certify(authority, { subject, usages, names, validity }, publicKey, serial);
}

/** Decided ones go after an hour, undecided ones after a day. */
export const certificateCleaner = defineController({
  name: "certificatesigningrequest-cleaner-controller",
  for: CertificateSigningRequest,
  async reconcile(key, { cache, client, clock }) {
    const csr = cache.get(CertificateSigningRequest, key);
    if (!csr) return done;
    const left = lifetimeLeft(csr, clock.now());
    if (left > 0) return { requeueAfterMs: left };
    await client.delete(CertificateSigningRequest, { name: key }).catch((error: unknown) => {
      if (!isNotFound(error)) throw new Error(`unable to delete CSR ${key}: ${messageOf(error)}`, { cause: error });
    });
    return done;
  },
});

function lifetimeLeft(csr: Csr, now: number): number {
  const decided = csr.status?.conditions?.find((c) => ["Approved", "Denied", "Failed"].includes(c.type));
  const since = parseTime(decided?.lastUpdateTime ?? csr.metadata.creationTimestamp);
  return since + (decided ? HOUR_MS : DAY_MS) - now;
}
