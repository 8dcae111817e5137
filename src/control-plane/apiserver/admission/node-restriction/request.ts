/** A node's write, as the checks of this folder see it. */
import type { AdmissionAttributes, Authorizer, ServerContext } from "../../types.ts";

export interface NodeRequest {
  node: string;
  attributes: AdmissionAttributes;
  server: ServerContext;
  authorizer: Authorizer;
}
