import { expect, test } from "vitest";
import { planPort } from "../plan.ts";
import { servicePorts } from "../service-port.ts";
import { everySort } from "../testing.ts";
import { restoreInput } from "./index.ts";
import { renderTables } from "./render.ts";

const options = {
  family: 4 as const,
  clusterCidr: "10.244.0.0/16",
  serviceCidrs: ["10.96.0.0/16"],
  nodePortAddresses: [],
  nodeIps: ["10.0.0.2"],
};

function render(objects: typeof everySort) {
  const ports = objects.flatMap(([service, slices]) => servicePorts({ service, slices, family: 4, nodeName: "here" }));
  return renderTables(
    ports.map((port) => planPort(port, { nodeName: "here" })),
    options,
  );
}

test("the whole of both tables for Services of every sort", async () => {
  await expect(restoreInput(render(everySort), new Map([["KUBE-SVC-GONE", []]]))).toMatchFileSnapshot(
    "../testdata/tables.iptables",
  );
});

test("chains of Services are written only where they changed", () => {
  const { nat } = render(everySort);
  const rules = (text: string) => text.split("\n").filter((line) => /^-A KUBE-(SVC|SEP|EXT)-/.test(line));
  expect(rules(restoreInput(render(everySort), nat))).toEqual([]);
  const fewer = restoreInput(render(everySort.slice(1)), nat);
  expect(rules(fewer)).toEqual([]);
  expect(fewer.match(/^-X /gm)?.length).toBe(4);
});
