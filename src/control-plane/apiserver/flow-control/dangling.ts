/**
 * The condition Dangling of a FlowSchema: whether the priority level that it names is there.
 *
 * @source staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go v1.36
 */
import { FlowSchema, PriorityLevelConfiguration } from "../../../shared/api/index.ts";
import { setCondition } from "../../../shared/apimachinery/conditions.ts";
import { isConflict, isNotFound } from "../../../shared/apimachinery/errors.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Core } from "../core.ts";
import type { ServerContext } from "../types.ts";

interface Condition {
  type: string;
  status: "True" | "False";
  reason: string;
  message: string;
}

const MANAGER = "api-priority-and-fairness-config-consumer-v1";

/** Goes on until the server closes. */
export function tellDangling(core: Core): void {
  const { context: server } = core;
  const [schemas, levels] = [server.cache(FlowSchema), server.cache(PriorityLevelConfiguration)];
  const look = (schema: FlowSchema) => void tell(server, schema).catch(core.report);
  const unsubscribe = [
    schemas.subscribe((type, schema) => type !== "DELETED" && look(schema)),
    levels.subscribe((type, { metadata }) => {
      if (type === "MODIFIED") return;
      for (const schema of schemas.list()) if (levelOf(schema) === metadata.name) look(schema);
    }),
  ];
  core.closed.addEventListener("abort", () => unsubscribe.forEach((stop) => stop()), { once: true });
  for (const schema of schemas.list()) look(schema);
}

const levelOf = ({ spec }: FlowSchema) => spec?.priorityLevelConfiguration?.name ?? "";

async function tell(server: ServerContext, schema: FlowSchema): Promise<void> {
  const { name, uid } = schema.metadata;
  const level = levelOf(schema);
  const found = server.cache(PriorityLevelConfiguration).get(level) !== undefined;
  const conditions = (schema.status?.conditions ?? []) as Condition[];
  const next = setCondition(conditions, { type: "Dangling", ...wordsOf(level, found) }, formatTime(server.now()));
  if (next === conditions) return;
  const body = {
    apiVersion: FlowSchema.groupVersion,
    kind: FlowSchema.kind,
    metadata: { name, uid },
    status: { conditions: next.filter(({ type }) => type === "Dangling") },
  };
  try {
    await server.client().transport.request({
      method: "PATCH",
      path: `/apis/${FlowSchema.groupVersion}/${FlowSchema.plural}/${name}/status`,
      query: { fieldManager: MANAGER, force: "true" },
      headers: { "content-type": "application/apply-patch+yaml" },
      body,
    });
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error; // gone, or another one by now
  }
}

function wordsOf(level: string, found: boolean): Omit<Condition, "type"> {
  const text = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return found
    ? { status: "False", reason: "Found", message: `${text} and it exists` }
    : { status: "True", reason: "NotFound", message: `${text} but there is no such object` };
}
