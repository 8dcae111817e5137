import { expect, test } from "vitest";
import { missingRights } from "./escalation.ts";

const own = [
  { apiGroups: [""], resources: ["pods", "*/log"], verbs: ["get", "list"] },
  { nonResourceURLs: ["/logs/*"], verbs: ["get"] },
];

test("what is held is not missing, names and subresources narrowed", () => {
  expect(
    missingRights(own, [{ apiGroups: [""], resources: ["pods", "jobs/log"], verbs: ["get"], resourceNames: ["a"] }]),
  ).toEqual([]);
  expect(missingRights(own, [{ nonResourceURLs: ["/logs/a"], verbs: ["get"] }])).toEqual([]);
});

test("missing rights are merged by resource and sorted", () => {
  expect(missingRights(own, [{ apiGroups: [""], resources: ["secrets", "pods"], verbs: ["get", "delete"] }])).toEqual([
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
  ]);
  expect(missingRights(own, [{ nonResourceURLs: ["/metrics", "/logs/*"], verbs: ["get", "post"] }])).toEqual([
    '{NonResourceURLs:["/logs/*"], Verbs:["post"]}',
    '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    '{NonResourceURLs:["/metrics"], Verbs:["post"]}',
  ]);
});
