import { expect, test } from "vitest";
import { addAuditId } from "./audit-id.ts";

test("every answer has an id of its own, or the one the client gave", () => {
  const of = (asked: Record<string, string>, headers: Record<string, string> = {}) => {
    addAuditId(headers, asked);
    return headers["audit-id"];
  };
  const ids = [of({}), of({}), of({ "audit-id": "" })];
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(of({ "audit-id": "mine" })).toBe("mine");
  expect(of({}, { "audit-id": "of another server" })).toBe("of another server");
});
