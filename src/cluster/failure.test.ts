import { expect, test, vi } from "vitest";
import { Failure, report } from "./failure.ts";

test("what the user or the machine is at fault for is one line; a bug shows its stack", () => {
  const said: unknown[] = [];
  const error = vi.spyOn(console, "error").mockImplementation((line) => void said.push(line));
  const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES", path: "/x" });
  const bug = new Error("bug");
  for (const fault of [new Failure("no such cluster"), denied, bug]) report(fault);
  error.mockRestore();
  expect(said).toEqual(["knarr: no such cluster", "knarr: EACCES: permission denied, open '/x'", bug]);
});
