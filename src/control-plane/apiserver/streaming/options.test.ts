import { expect, test } from "vitest";
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import { fakeContext } from "../fake-context.ts";
import type { ConnectContext } from "../types.ts";
import { connectResources } from "./index.ts";

const resources = connectResources({ cert: "", key: "", ca: "" });

test.each([
  ["log", "", 404, 'pods "nope" not found'],
  [
    "log",
    "tailLines=-1",
    422,
    'PodLogOptions "nope" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
  ],
  ["log", "tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["log", "sinceTime=x", 400, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ["portforward", "ports=80,x", 400, 'cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax'],
  ["portforward", "ports=65536", 400, 'cannot convert to []int32: strconv.ParseUint: parsing "65536": value out of range'],
  ["portforward", "ports=80", 404, 'pods "nope" not found'],
])("the options of pods/%s?%s are looked at before the pod", async (subresource, query, code, message) => {
  const context = { server: fakeContext(), namespace: "a", name: "nope", query: new URLSearchParams(query) };
  const asked = resources[`/pods/${subresource}`]!.request!(context as unknown as ConnectContext);
  await expect(asked).rejects.toSatisfy(({ status }: ApiError) => {
    expect([status.code, status.message]).toEqual([code, message]);
    return true;
  });
});
