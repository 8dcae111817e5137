import { expect, test } from "vitest";
import { CommandError, run, runBehind } from "./command.ts";

test("input goes in, output and failures come out", async () => {
  expect((await run(["cat"], { input: "hello" })).stdout).toBe("hello");
  expect((await runBehind(["env", "A=b"])(["sh", "-c", "echo $A"])).stdout).toBe("b\n");
  expect(await run(["sh", "-c", "echo no >&2; exit 3"], { allowFailure: true })).toEqual({ code: 3, stdout: "", stderr: "no\n" });
  await expect(run(["sh", "-c", "echo no >&2; exit 3"])).rejects.toThrow(CommandError);
  await expect(run(["/nowhere/program"])).rejects.toMatchObject({ code: 127 });
  await expect(run(["sleep", "5"], { signal: AbortSignal.timeout(20) })).rejects.toThrow();
});
