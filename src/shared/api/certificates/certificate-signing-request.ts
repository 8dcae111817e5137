import { humanDuration } from "../../apimachinery/duration.ts";
import type { CertificateSigningRequest as T } from "../generated/certificates-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind, type ReadContext, type WriteContext } from "../kind.ts";
import { parseTime } from "../../lib/platform.ts";
import { keepDecisions, setConditionTimes } from "./conditions.ts";
import { validateRequest, validateRequestUpdate } from "./validation.ts";

/** The spec never changes; conditions and certificate are written through `/approval` and `/status`. */
export const CertificateSigningRequest = defineKind<T>({
  ...facts["certificates.k8s.io/v1/certificatesigningrequests"],
  name: () => [],
  writtenThroughStatus: ["status.conditions"],
  selectableFields: { "spec.signerName": (request) => request.spec.signerName },
  cells,
  prepareForCreate(request, { user }) {
    setRequester(request, user);
    request.status = {};
  },
  prepareForUpdate(request, old, { subresource, now }) {
    if (subresource !== "approval") return;
    setConditionTimes(request, old, now);
  },
  prepareForStatusUpdate(request, old, { now }) {
    keepDecisions(request, old);
    setConditionTimes(request, old, now);
  },
  validate: (request) => validateRequest(request),
  validateUpdate: (request, old, { subresource }) => validateRequestUpdate(request, old, subresource),
  validateStatusUpdate: (request, old) => [...validateRequest(request), ...validateRequestUpdate(request, old, "status")],
});
export type CertificateSigningRequest = T;

/** Who asks is taken from the request, whatever the body says. */
function setRequester({ spec }: T, user: WriteContext["user"]): void {
  delete spec.username;
  delete spec.uid;
  delete spec.groups;
  delete spec.extra;
  if (!user) return;
  spec.username = user.name;
  if (user.uid) spec.uid = user.uid;
  if (user.groups.length) spec.groups = [...user.groups];
  const extra = Object.entries(user.extra ?? {});
  if (extra.length) spec.extra = Object.fromEntries(extra.map(([key, values]) => [key, [...values]]));
}

function cells({ metadata, spec, status }: T, { now }: ReadContext): (string | number)[] {
  const has = (type: string) => status?.conditions?.some((c) => c.type === type) ?? false;
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  const condition = [decision, ...(has("Failed") ? ["Failed"] : []), ...(status?.certificate ? ["Issued"] : [])].join(",");
  const lifetime = spec.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000);
  const age = metadata.creationTimestamp ? humanDuration(now - parseTime(metadata.creationTimestamp)) : "<unknown>";
  return [metadata.name ?? "", age, spec.signerName, spec.username ?? "", lifetime, condition];
}
