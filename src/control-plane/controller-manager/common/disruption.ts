/** Tells a pod that it is being disrupted, before it is deleted: whoever made it can see that the fault was not its own. */
import { Pod } from "../../../shared/api/index.ts";
import { isNotFound, setCondition } from "../../../shared/apimachinery/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { ControllerContext } from "../../../shared/client/index.ts";

export interface Disruption {
  reason: string;
  message: string;
}

/** Sets `DisruptionTarget`, and `phase` where given; a pod that is gone is no failure. */
export async function markDisrupted(
  pod: Pod,
  disruption: Disruption | undefined,
  phase: "Failed" | undefined,
  context: ControllerContext<any>,
): Promise<void> {
  const now = formatTime(context.clock.now());
  const target = disruption && { type: "DisruptionTarget", status: "True", ...disruption };
  const conditions = target ? setCondition(pod.status?.conditions, target as never, now) : pod.status?.conditions;
  if (conditions === pod.status?.conditions && (!phase || pod.status?.phase === phase)) return;
  const added = conditions?.filter((c) => c.type === "DisruptionTarget") ?? [];
  const status = { ...(added.length && { conditions: added }), ...(phase && { phase }) };
  const patch = { metadata: { uid: pod.metadata.uid }, status };
  await context.client.patch(Pod, pod.metadata, "strategic", patch, { subresource: "status" }).catch(ignoreAbsent);
}

export async function forceDelete(pod: Pod, { client }: ControllerContext<any>): Promise<void> {
  await client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0 }).catch(ignoreAbsent);
}

export function ignoreAbsent(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
