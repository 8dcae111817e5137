import { expect, test } from "vitest";
import { Pod } from "../../../shared/api/index.ts";
import { apiError } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import { fakeContext } from "../fake-context.ts";
import type { AdmissionPlugin, ConnectContext } from "../types.ts";
import { admitConnect } from "./admit-connect.ts";

const server = fakeContext(0);
const coreWith = (plugin: AdmissionPlugin) => ({ admission: [plugin], context: server }) as unknown as Core;
const exec = (query: string) =>
  ({
    server,
    user: { name: "u", groups: [] },
    namespace: "ns",
    name: "p",
    method: "GET",
    path: "/api/v1/namespaces/ns/pods/p/exec",
    rest: "",
    query: new URLSearchParams(query),
    headers: {},
  }) as unknown as ConnectContext;
const admit = (plugin: Partial<AdmissionPlugin>, query: string) =>
  admitConnect(
    coreWith({ name: "x", handles: (a) => a.operation === "CONNECT", ...plugin }),
    { kind: Pod } as never,
    "exec",
    exec(query),
  );

test("a plugin sees the options of a stream as an object and may refuse", async () => {
  let seen: unknown;
  const refused = admit(
    {
      validate(attributes) {
        seen = { ...attributes.object };
        throw apiError(403, "Forbidden", "no");
      },
    },
    "command=sh&command=-c&stdin=true&tty=0&container=c",
  );
  await expect(refused).rejects.toThrow("no");
  expect(seen).toEqual({
    kind: "PodExecOptions",
    apiVersion: "v1",
    stdin: true,
    container: "c",
    command: ["sh", "-c"],
  });
});

test("the backend is asked with what a plugin made of the options", async () => {
  const same = await admit({}, "command=a&stdin=1");
  expect(same.query.toString()).toBe("command=a&stdin=1");
  const context = await admit({ admit: ({ object }) => void Object.assign(object!, { command: ["b"] }) }, "command=a&stdin=1");
  expect(context.query.toString()).toBe("stdin=true&command=b");
  expect(context.name).toBe("p");
});

test("a stream cannot be tried out", async () => {
  await expect(admit({}, "dryRun=All")).rejects.toThrow("dryRun is not supported");
});
