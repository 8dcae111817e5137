/**
 * Which pod and which of its containers a request means.
 *
 * @source pkg/registry/core/pod/strategy.go validateContainer v1.36
 */
import { Node } from "../../../shared/api/core/node.ts";
import { Pod } from "../../../shared/api/core/pod.ts";
import { badRequest, notFound } from "../../../shared/apimachinery/errors.ts";
import type { ConnectContext } from "../types.ts";
import { kubeletAddress, type KubeletAddress } from "./kubelet-connection.ts";

export function podOf({ server, namespace, name }: ConnectContext): Pod {
  const pod = server.cache(Pod).get(`${namespace}/${name}`);
  if (!pod) throw notFound({ group: "", resource: "pods" }, name);
  return pod;
}

export function containerOf(pod: Pod, wanted: string, podName: string): string {
  const names = (containers: readonly { name: string }[] | undefined) => (containers ?? []).map(({ name }) => name);
  const { containers, initContainers, ephemeralContainers } = pod.spec;
  if (wanted) {
    const all = [containers, initContainers, ephemeralContainers].flatMap((list) => names(list));
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const regular = names(containers);
  if (regular.length === 1) return regular[0]!;
  if (regular.length === 0) throw badRequest(`a container name must be specified for pod ${podName}`);
  const all = [initContainers, containers, ephemeralContainers].flatMap((list) => names(list));
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${all.join(" ")}]`);
}

/** Where the kubelet of a pod's node listens. A node that is not there is told as upstream tells it, as if it were a pod. */
export function kubeletOf({ server }: ConnectContext, nodeName: string): KubeletAddress {
  if (!server.cache(Node).get(nodeName)) throw notFound({ group: "", resource: "pods" }, nodeName);
  return kubeletAddress(server, nodeName);
}
