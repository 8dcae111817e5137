import { describe, expect, test } from "vitest";
import { bodyFormat, MEDIA_TYPES, negotiate, wantsPretty, type Conversion } from "./negotiation.ts";

const mediaTypes = Object.values(MEDIA_TYPES);
const allows = (c: Conversion) => c.group === "meta.k8s.io" && c.version === "v1" && c.kind === "Table";
const accept = (header: string | undefined) => negotiate(header, { mediaTypes, allows });

describe("Accept", () => {
  test.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["application/json, */*", "application/json"],
    ["text/html, application/json;q=0.5", "application/json"],
    ["application/json;charset=utf-8", "application/json"],
    ["application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf"],
    ["application/json,application/vnd.kubernetes.protobuf", "application/json"],
    ["application/vnd.kubernetes.protobuf, */*", "application/vnd.kubernetes.protobuf"],
    ["application/yaml", "application/yaml"],
  ])("%s → %s", (header, mediaType) => expect(accept(header).mediaType).toBe(mediaType));

  test("asks for a Table first, as kubectl does", () => {
    const header =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    expect(accept(header)).toEqual({
      mediaType: "application/json",
      pretty: false,
      convert: { group: "meta.k8s.io", version: "v1", kind: "Table" },
    });
    expect(negotiate(header, { mediaTypes })).toEqual({ mediaType: "application/json", pretty: false });
  });

  const routed =
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf";
  const negotiated =
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
  test.each([
    ["text/html", routed],
    ["application/*", routed],
    ["nonsense", routed],
    ["application/json;as=Nope;g=meta.k8s.io;v=v1", negotiated],
    ["application/json;as=Table;g=nope;v=v1", negotiated],
  ])("%s is refused", (header, message) => expect(() => accept(header)).toThrow(message));
});

test("Content-Type", () => {
  expect(bodyFormat(undefined)).toBe("json");
  expect(bodyFormat("APPLICATION/JSON; charset=utf-8")).toBe("json");
  expect(bodyFormat("application/yaml")).toBe("yaml");
  for (const wrong of ["*/*", ";;", "text/plain", "application/merge-patch+json"]) {
    expect(() => bodyFormat(wrong)).toThrow(
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  }
});

test("curl and browsers get indented JSON", () => {
  expect(wantsPretty(undefined, "curl/8.0")).toBe(true);
  expect(wantsPretty(new URLSearchParams("pretty=false"), "curl/8.0")).toBe(false);
  expect(wantsPretty(undefined, "kubectl/v1.36")).toBe(false);
});
