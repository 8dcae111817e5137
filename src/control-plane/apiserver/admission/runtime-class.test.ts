import { expect, test } from "vitest";
import { Pod } from "../../../shared/api/index.ts";
import type { AdmissionAttributes, ServerContext } from "../types.ts";
import { runtimeClass } from "./runtime-class.ts";

const server = { cache: () => new Map() } as unknown as ServerContext;

test.each([
  ["a/b", `invalid resource name "a/b": [may not contain '/']`],
  ["none", 'pods "p" is forbidden: pod rejected: RuntimeClass "none" not found'],
])("a pod of the class %s is refused", (runtimeClassName, message) => {
  const object = { metadata: { name: "p" }, spec: { containers: [], runtimeClassName } };
  const attributes = { kind: Pod, name: "p", subresource: "", operation: "CREATE", object } as unknown as AdmissionAttributes;
  expect(() => runtimeClass.admit!(attributes, server)).toThrow(message);
});
