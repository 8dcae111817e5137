/**
 * The wire format against upstream's golden objects: one of each kind with every field filled. They are not part of the repository: the
 * test reads `../shared/upstream/roundtrip-1.36` beside it, and is skipped where that folder is absent.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeText } from "../apimachinery/decode.ts";
import { encodeJson } from "../apimachinery/encode.ts";
import { decodeProtobuf, encodeProtobuf } from "../apimachinery/protobuf/index.ts";
import { formatYaml, parseYaml } from "../apimachinery/yaml.ts";
import { builtInKinds, hasDefinition, structSchema } from "./index.ts";

const folder = new URL("../../../../shared/upstream/roundtrip-1.36/", import.meta.url);
const absent = !existsSync(folder);

/** `rbac.authorization.k8s.io.v1.Role` → its definition; undefined where the kind is of no served version. */
function definitionOf(name: string): string | undefined {
  const [, group, version, kind] = /^(.*)\.(v\d\w*)\.(\w+)$/.exec(name)!;
  const candidates = [
    `io.k8s.api.${group!.split(".")[0]}.${version}.${kind}`,
    `io.k8s.apimachinery.pkg.apis.meta.${version}.${kind}`,
  ];
  return candidates.find((c) => hasDefinition(c));
}

/** The golden WatchEvent is enveloped without its type. */
function withoutType(name: string, object: Record<string, unknown>): Record<string, unknown> {
  return name.endsWith(".WatchEvent") ? { ...object, kind: "", apiVersion: "" } : object;
}

const names = absent ? [] : [...new Set(readdirSync(folder).map((f) => f.replace(/\.[a-z]+$/, "")))];
const cases = names.flatMap((name) => {
  const definition = definitionOf(name);
  return definition ? [{ name, definition }] : [];
});

test.skipIf(absent)("every served kind has its golden object, definitions and API services aside", () => {
  const missing = builtInKinds.filter((k) => !cases.some((c) => c.definition === k.definition)).map((k) => k.kind);
  expect(missing).toEqual(["CustomResourceDefinition", "APIService"]);
});

describe.skipIf(absent)(`golden objects${absent ? " (skipped: ../shared/upstream is not there)" : ""}`, () => {
  describe.each(cases)("$name", ({ name, definition }) => {
    const schema = structSchema(definition);
    const json = readFileSync(new URL(`${name}.json`, folder), "utf8");

    test("JSON is read and written back equal, in the same order", () => {
      const { object, strict } = decodeText(schema, json, { strict: true });
      expect(strict).toEqual([]);
      expect(encodeJson(schema, object)).toBe(JSON.stringify(JSON.parse(json)));
    });

    test("protobuf is read equal to JSON and written back byte for byte", () => {
      const bytes = readFileSync(new URL(`${name}.pb`, folder));
      const { object } = decodeText(schema, json);
      const fromProtobuf = decodeProtobuf(schema, bytes);
      expect(encodeJson(schema, fromProtobuf)).toBe(encodeJson(schema, object));
      expect(encodeProtobuf(schema, withoutType(name, object)).equals(bytes)).toBe(true);
    });

    test("YAML is read equal to JSON and written back as upstream writes it", () => {
      const yaml = readFileSync(new URL(`${name}.yaml`, folder), "utf8");
      expect(parseYaml(yaml).value).toEqual(JSON.parse(json));
      expect(formatYaml(JSON.parse(json))).toBe(yaml);
    });
  });
});
