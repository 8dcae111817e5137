import { expect, test } from "vitest";
import { bridgeName, chooseRanges, clusterId, nodeAddress, nodeLinkName, uplink } from "./address-plan.ts";

const lan = { dst: "192.168.1.0/24", dev: "eth0" };
const way = { dst: "default", gateway: "192.168.1.1", dev: "eth0" };

test("ranges that are free, wanted ones first, and never another's", () => {
  const first = chooseRanges([lan, way], "a");
  expect([first.podCidr, first.serviceCidr]).toEqual(["10.244.0.0/16", "10.96.0.0/16"]);
  const taken = [first.podCidr, first.serviceCidr, first.subnet].map((dst) => ({ dst, dev: bridgeName("a") }));
  expect(chooseRanges([lan, way, ...taken], "a", first)).toEqual(first);
  const second = chooseRanges([lan, way, ...taken], "b", first);
  expect([second.podCidr, second.serviceCidr]).toEqual(["10.245.0.0/16", "10.97.0.0/16"]);
  expect(chooseRanges([], "c", {}, {}, ["10.96.0.0/16"]).serviceCidr).toBe("10.97.0.0/16");
  expect(chooseRanges([], "c", {}, { serviceCidr: "10.96.0.0/16" }, ["10.96.0.0/16"]).serviceCidr).toBe("10.96.0.0/16");
});

test("a required range that is taken is refused with what is in the way", () => {
  const route = { dst: "10.96.0.0/12", dev: "tun0" };
  expect(() => chooseRanges([route], "a", {}, { serviceCidr: "10.96.0.0/16" })).toThrow(
    "overlaps the route to 10.96.0.0/12 through tun0",
  );
  // A wide range behind a gateway may be cut into: more specific routes win.
  expect(chooseRanges([{ dst: "10.0.0.0/8", gateway: "192.168.1.9", dev: "tun0" }], "a").serviceCidr).toBe("10.96.0.0/16");
});

test("names fit into 15 characters and differ for long names that begin alike", () => {
  const [one, two] = ["production-east", "production-west"];
  expect(clusterId(one)).not.toBe(clusterId(two));
  expect(nodeLinkName(one, 99).length).toBeLessThanOrEqual(15);
});

test("nodes are numbered behind the gateway, and there is an end to them", () => {
  expect([nodeAddress("10.89.3.0/24", 0), nodeAddress("10.89.3.0/24", 1)]).toEqual(["10.89.3.2", "10.89.3.3"]);
  expect(() => nodeAddress("10.89.3.0/24", 253)).toThrow("no address");
});

test("the way out is the default route with the lowest metric", () => {
  expect(uplink([{ ...way, dev: "wlan0", metric: 600 }, { ...way, metric: 100 }, lan])).toBe("eth0");
  expect(uplink([lan])).toBeUndefined();
});
