/** A node asks for service-account tokens only on behalf of its own pods, bound to them, and for audiences that they name. */
import type { TokenRequest } from "../../../../shared/api/generated/authentication-v1.ts";
import { CSIDriver, PersistentVolume, PersistentVolumeClaim, Pod } from "../../../../shared/api/index.ts";
import { notFound } from "../../../../shared/apimachinery/errors.ts";
import type { ServerContext } from "../../types.ts";
import { refuse } from "../refuse.ts";
import type { NodeRequest } from "./request.ts";

export async function tokenFor(request: NodeRequest): Promise<void> {
  const { node, attributes, server } = request;
  if (attributes.operation !== "CREATE" || attributes.subresource !== "token") return;
  const { audiences = [], boundObjectRef: ref } = (attributes.object as unknown as TokenRequest).spec ?? {};
  if (!ref?.name || ref.apiVersion !== "v1" || ref.kind !== "Pod")
    throw refuse(attributes, "node requested token not bound to a pod");
  if (!ref.uid) throw refuse(attributes, "node requested token with a pod binding without a uid");
  const pod = server.cache(Pod).get(`${attributes.namespace}/${ref.name}`);
  if (!pod) throw notFound({ group: "", resource: "pod" }, ref.name);
  if (pod.metadata.uid !== ref.uid) {
    throw refuse(
      attributes,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec.nodeName !== node) throw refuse(attributes, "node requested token bound to a pod scheduled on a different node");
  if (audiences.length > 1) throw refuse(attributes, "node may only request 0 or 1 audiences");
  await mayAskFor(audiences[0] ?? "", pod, request);
}

/** The audience stands in a volume of the pod, or the node holds an extra right to it. */
async function mayAskFor(audience: string, pod: Pod, { attributes, authorizer, server }: NodeRequest): Promise<void> {
  if (audiencesOf(pod, server).has(audience)) return;
  const { user, namespace, name } = attributes;
  const { decision } = await authorizer.authorize({
    user,
    namespace,
    name,
    verb: "request-serviceaccounts-token-audience",
    resourceRequest: true,
    path: "",
    group: "",
    version: "v1",
    resource: audience,
    subresource: "",
  });
  if (decision === "allow") return;
  throw refuse(
    attributes,
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`,
  );
}

function audiencesOf({ metadata, spec }: Pod, server: ServerContext): Set<string> {
  const found = new Set<string>();
  for (const { name, projected, csi, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    for (const { serviceAccountToken } of projected?.sources ?? [])
      if (serviceAccountToken) found.add(serviceAccountToken.audience ?? "");
    const claim = ephemeral ? `${metadata.name}-${name}` : persistentVolumeClaim?.claimName;
    const driver = csi?.driver ?? (claim && driverOfClaim(`${metadata.namespace}/${claim}`, server));
    for (const { audience } of (driver && server.cache(CSIDriver).get(driver)?.spec.tokenRequests) || []) found.add(audience);
  }
  return found;
}

function driverOfClaim(key: string, server: ServerContext): string | undefined {
  const volume = server.cache(PersistentVolumeClaim).get(key)?.spec.volumeName;
  return volume ? server.cache(PersistentVolume).get(volume)?.spec?.csi?.driver : undefined;
}
