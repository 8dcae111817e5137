import { expect, test } from "vitest";
import { realClock } from "../../../shared/lib/platform.ts";
import { remember } from "./remember.ts";

test("a caller is asked for once a while, by header and not by connection", () => {
  let now = 0;
  let asked = 0;
  const authenticator = remember(
    { authenticate: ({ headers }) => ({ name: `${headers.authorization} ${++asked}`, groups: [] }) },
    { ...realClock, monotonic: () => now },
  );
  const connection = {};
  const as = (authorization: string, on: object = connection) =>
    (authenticator.authenticate({ headers: { authorization }, remoteAddress: "", connection: on }) as { name: string }).name;
  expect([as("a"), as("a"), as("a", {})]).toEqual(["a 1", "a 1", "a 1"]);
  expect([as("b"), as("a"), as("b")]).toEqual(["b 2", "a 1", "b 2"]);
  now = 10_001;
  expect([as("b"), as("a")]).toEqual(["b 3", "a 4"]);
});
