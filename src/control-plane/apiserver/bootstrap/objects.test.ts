import { expect, test } from "vitest";
import { builtInKinds } from "../../../shared/api/index.ts";
import table from "../../../shared/api/tables/bootstrap-1.36.json" with { type: "json" };
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { realPlatform } from "../../../shared/lib/platform.ts";
import { complete } from "../registry/create-missing.ts";
import { bootstrapObjects } from "./objects.ts";

const kindOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }) =>
  builtInKinds.find((k) => k.kind === kind && k.groupVersion === apiVersion)!;

const EPOCH = "1970-01-01T00:00:00Z";

/** The server of a fresh machine starts in a fraction of a second: what it would have to work out for these objects is worked out here. */
test("the generated table is the table of facts, completed", async () => {
  const lines = table.map((facts) => {
    const seed = { ...facts, metadata: { ...facts.metadata, uid: EPOCH, creationTimestamp: EPOCH } };
    return JSON.stringify(complete(kindOf(seed), seed as unknown as KubeObject, 0)).replaceAll(`"${EPOCH}"`, '""');
  });
  const head =
    "// Generated from shared/api/tables/bootstrap-1.36.json by objects.test.ts when vitest runs with -u. Do not edit.";
  const text = `${head}\n/** A JSON list; what every start gives is empty. */\nexport const completeTable = String.raw\`[\n${lines.join(",\n")}\n]\`;\n`;
  await expect(text).toMatchFileSnapshot("generated/complete-table.ts");
});

test("objects of the table are as the server would complete them", () => {
  const addresses = { serviceCidr: "10.96.0.0/16", serviceAddress: "10.96.0.1", advertise: { address: "10.0.0.1", port: 6443 } };
  const objects = bootstrapObjects({ ...addresses, clientCa: "a", frontProxyCa: "b" }, realPlatform);
  const ready = objects.filter(({ metadata }) => metadata.managedFields);
  expect(ready.length).toBe(table.length);
  for (const object of ready) {
    const completed = complete(kindOf(object), withoutOwners(object), 0);
    expect(JSON.stringify(withoutOwners(object))).toBe(JSON.stringify(withoutOwners(completed)));
  }
});

function withoutOwners(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
