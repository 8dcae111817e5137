/** A container whose state the runtime does not know is killed before another one takes its place. */
import type { Container } from "../../../shared/api/generated/core-v1.ts";
import type { RuntimeContainer } from "../runtime/types.ts";
import type { ContainerToKill } from "./actions.ts";

export function killOfUnknown(container: Container, last: RuntimeContainer): ContainerToKill {
  const message = `Container is in "${last.state}" state, try killing it before restart`;
  return { id: last.id, name: container.name, container, reason: "Unknown", message };
}
