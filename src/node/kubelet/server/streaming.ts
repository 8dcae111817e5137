/**
 * Where a stream into a pod goes: the runtime is asked for a URL of its streaming server, good for one connection.
 *
 * @source pkg/kubelet/server/server.go getExec, getAttach, getPortForward v1.36
 */
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import type { KubeletContext } from "../context.ts";
import { latest, type RuntimeContainer } from "../runtime/types.ts";
import { RequestError } from "./request-error.ts";

/** Paths: `/exec|attach/<namespace>/<pod>[/<uid>]/<container>`, `/portForward/<namespace>/<pod>[/<uid>]`. */
export async function streamTarget(context: KubeletContext, pods: readonly Pod[], url: URL): Promise<URL> {
  const [, verb, namespace = "", name = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const pod = findPod(pods, namespace, name);
  const query = url.searchParams;
  if (verb === "portForward") return new URL(await portForward(context, pod, query));
  const container = await runningContainer(context, pod, rest.at(-1) ?? "");
  const is = (...names: string[]) => names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
  const streams = { stdin: is("input", "stdin"), stdout: is("output", "stdout"), stderr: is("error", "stderr"), tty: is("tty") };
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw new RequestError(400, "you must specify at least 1 of stdin, stdout, stderr");
  if (streams.tty) streams.stderr = false;
  if (verb === "exec") return new URL(await context.cri.exec(container.id, { cmd: query.getAll("command"), ...streams }));
  if (verb !== "attach") throw new RequestError(404, "404 page not found");
  const spec = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
  const tty = !!spec.find((c) => c.name === container.name)?.tty;
  return new URL(await context.cri.attach(container.id, { ...streams, tty, stderr: streams.stderr && !tty }));
}

export function findPod(pods: readonly Pod[], namespace: string, name: string): Pod {
  const pod = pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (!pod) throw new RequestError(404, `pod "${name}" does not exist`);
  return pod;
}

async function runningContainer(context: KubeletContext, pod: Pod, name: string): Promise<RuntimeContainer> {
  const uid = pod.metadata.uid!;
  const known = latest(context.view.get(uid), name);
  const container = known?.state === "running" ? known : latest(await context.view.refresh(uid), name);
  if (container?.state !== "running") throw new RequestError(404, `container not found (${JSON.stringify(name)})`);
  return container;
}

async function portForward(context: KubeletContext, pod: Pod, query: URLSearchParams): Promise<string> {
  const sandbox = context.view.get(pod.metadata.uid!).sandboxes.find(({ ready }) => ready);
  if (!sandbox)
    throw new RequestError(404, `pod not found (${JSON.stringify(`${pod.metadata.name}_${pod.metadata.namespace}`)})`);
  const ports = [...query.getAll("port"), ...query.getAll("ports")].flatMap((text) => text.split(",")).map(Number);
  return context.cri.portForward(sandbox.id, ports);
}
