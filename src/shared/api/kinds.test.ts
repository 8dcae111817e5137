import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { builtInKinds, Pod } from "./index.ts";

test("every built-in kind resolves its schema", () => {
  expect(builtInKinds.length).toBe(68);
  for (const kind of builtInKinds) expect(kind.schema.fields.size, kind.kind).toBeGreaterThan(0);
});

test("inline fields are flattened with their protobuf path", () => {
  const containers = Pod.schema.fields.get("spec")!.schema;
  expect(containers.type).toBe("struct");
  expect(Pod.schema.fields.get("apiVersion")?.num).toBeUndefined();
});

test("generated files are up to date", () => {
  execFileSync(process.execPath, ["scripts/generate.mjs", "--check"], { stdio: "pipe" });
});
