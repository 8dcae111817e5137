import { expect, it } from "vitest";
import type { ValidatingAdmissionPolicy } from "../../../shared/api/index.ts";
import { checkPolicy } from "./check.ts";

const policy = (validations: object[], rule: object = {}) =>
  ({
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["CREATE"], ...rule },
        ],
      },
      variables: [{ name: "n", expression: "object.spec.replicas" }],
      validations,
    },
  }) as unknown as ValidatingAdmissionPolicy;

it("finds what cannot work with the kind that is named", () => {
  const wrong = [
    { expression: "object.spec.replicas > '1'", messageExpression: "'wanted replicas > 1, got ' + object.spec.replicas" },
  ];
  const [expression, message] = checkPolicy(policy(wrong));
  expect(expression).toMatchObject({
    fieldRef: "spec.validations[0].expression",
    warning: expect.stringMatching(/^apps\/v1, Kind=Deployment: ERROR/),
  });
  expect(expression!.warning).toContain("found no matching overload for '_>_' applied to '(int, string)'");
  expect(message).toMatchObject({ fieldRef: "spec.validations[0].messageExpression" });
  expect(checkPolicy(policy([{ expression: "object.spec.nothing == 1" }]))[0]!.warning).toContain("undefined field 'nothing'");
});

it("is content with what works, and with what it cannot know", () => {
  const fine =
    "variables.n > 1 && object.spec.template.spec.containers.all(c, c.image.startsWith('x')) && has(object.metadata.labels)";
  expect(checkPolicy(policy([{ expression: fine }]))).toEqual([]);
  expect(checkPolicy(policy([{ expression: "object.anything > '1'" }], { resources: ["*"] }))).toEqual([]);
});
