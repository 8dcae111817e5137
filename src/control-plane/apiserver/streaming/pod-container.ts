/**
 * Which pod and which of its containers a request means.
 *
 * @source pkg/registry/core/pod/strategy.go validateContainer v1.36
 */
import { Pod } from "../../../shared/api/core/pod.ts";
import { badRequest, notFound } from "../../../shared/apimachinery/errors.ts";
import type { ConnectContext } from "../types.ts";

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
  const init = names(initContainers);
  const also = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${regular.join(" ")}]${also}`);
}
