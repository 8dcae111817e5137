import { expect, test } from "vitest";
import { LimitRange, Pod } from "../../../shared/api/index.ts";
import { tableOf } from "./table.ts";

test("a table without rows holds an empty list, but null where the kind has no columns of its own", () => {
  const options = { version: "v1", include: "Metadata", headers: true, now: 0 } as const;
  expect(tableOf(Pod, [], {}, options).rows).toEqual([]);
  expect(tableOf(LimitRange, [], {}, options).rows).toBe(null);
});
