import { expect, test, vi } from "vitest";
import { FlowSchema, PriorityLevelConfiguration } from "../../../shared/api/index.ts";
import { inMemoryServer } from "../in-memory-server.ts";
import { tellDangling } from "./index.ts";

test("a flow schema tells whether its priority level is there", async () => {
  const { server, client, close } = await inMemoryServer();
  tellDangling(server.core);
  const spec = { priorityLevelConfiguration: { name: "level" } };
  await client.create(FlowSchema, { metadata: { name: "dangles" }, spec } as never);
  const told = async (status: string) =>
    vi.waitUntil(async () => {
      const [condition] = (await client.get(FlowSchema, { name: "dangles" })).status?.conditions ?? [];
      return condition?.status === status && condition;
    }, 10_000);
  expect(await told("True")).toMatchObject({
    type: "Dangling",
    reason: "NotFound",
    message: 'This FlowSchema references the PriorityLevelConfiguration object named "level" but there is no such object',
  });
  const limited = { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } };
  await client.create(PriorityLevelConfiguration, { metadata: { name: "level" }, spec: { type: "Limited", limited } } as never);
  expect(await told("False")).toMatchObject({ reason: "Found" });
  await client.delete(PriorityLevelConfiguration, { name: "level" });
  await told("True");
  const { managedFields } = (await client.get(FlowSchema, { name: "dangles" })).metadata;
  expect(managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource])).toContainEqual([
    "api-priority-and-fairness-config-consumer-v1",
    "Apply",
    "status",
  ]);
  await close();
});
