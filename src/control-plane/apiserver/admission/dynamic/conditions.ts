/** Match conditions: expressions that all have to hold for a webhook or policy to be asked. */
import type { MatchCondition } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { refuse } from "../refuse.ts";
import type { AdmissionAttributes, ServerContext } from "../../types.ts";

export function conditionsHold(
  conditions: readonly MatchCondition[] | undefined,
  failurePolicy: "Fail" | "Ignore",
  attributes: AdmissionAttributes,
  _server: ServerContext,
): boolean {
  if (!conditions?.length) return true;
  if (failurePolicy === "Ignore") return false;
  throw refuse(attributes, "match conditions are not supported by this server");
}
