import { beforeEach, expect, test } from "vitest";
import {
  ConfigMap,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Namespace,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "../../../../shared/api/index.ts";
import { fakeContext, type FakeContext } from "../../fake-context.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { mutatingPolicies } from "./mutating.ts";
import { validatingPolicies } from "./validating.ts";

const authorizer = { authorize: () => ({ decision: "no-opinion" as const, reason: "" }) };
const matchConstraints = {
  resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
};
let server: FakeContext;
let warnings: string[];

beforeEach(() => {
  server = fakeContext(Date.now());
  server.put(Namespace, { metadata: { name: "ns", labels: { team: "a" } } });
  warnings = [];
});

const creation = (data: Record<string, string>): AdmissionAttributes => ({
  operation: "CREATE",
  kind: ConfigMap,
  subresource: "",
  namespace: "ns",
  name: "x",
  object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data } as never,
  oldObject: undefined,
  options: {},
  user: { name: "u", groups: [] },
  dryRun: false,
  warn: (text) => void warnings.push(text),
});

function judge(spec: object, validationActions: string[], data: Record<string, string>, binding: object = {}) {
  server.put(ValidatingAdmissionPolicy, {
    metadata: { name: "p" },
    spec: { matchConstraints, failurePolicy: "Fail", ...spec },
  } as never);
  server.put(ValidatingAdmissionPolicyBinding, {
    metadata: { name: "b" },
    spec: { policyName: "p", validationActions, ...binding },
  } as never);
  return (async () => validatingPolicies(authorizer).validate!(creation(data), server))();
}

const head = `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request:`;

test("what does not hold is refused, with the message that an expression makes", async () => {
  const spec = {
    variables: [{ name: "size", expression: "object.data.size()" }],
    validations: [
      {
        expression: "variables.size < 2",
        messageExpression: "string(variables.size) + ' in ' + namespaceObject.metadata.labels.team",
      },
    ],
  };
  await judge(spec, ["Deny"], { a: "1" });
  await expect(judge(spec, ["Deny"], { a: "1", b: "2" })).rejects.toMatchObject({ code: 422, message: `${head} 2 in a` });
});

test("an expression that fails refuses, unless failures are ignored", async () => {
  const validations = [{ expression: "object.data.none == 'x'" }];
  await expect(judge({ validations }, ["Deny"], {})).rejects.toMatchObject({
    message: `${head} expression 'object.data.none == 'x'' resulted in error: no such key: none`,
  });
  await judge({ validations, failurePolicy: "Ignore" }, ["Deny"], {});
});

test("a binding may warn instead, and match conditions leave requests out", async () => {
  const validations = [{ expression: "false", message: "no" }];
  await judge({ validations }, ["Warn"], {});
  expect(warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]);
  await judge({ validations, matchConditions: [{ name: "m", expression: "request.userInfo.username != 'u'" }] }, ["Deny"], {});
});

test("parameters come from the object that the binding names", async () => {
  server.put(ConfigMap, { metadata: { name: "limits", namespace: "ns" }, data: { most: "1" } } as never);
  const spec = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    validations: [{ expression: "object.data.size() <= int(params.data.most)" }],
  };
  const paramRef = { name: "limits", parameterNotFoundAction: "Deny" };
  await judge(spec, ["Deny"], { a: "1" }, { paramRef });
  await expect(judge(spec, ["Deny"], { a: "1", b: "2" }, { paramRef })).rejects.toMatchObject({ code: 422 });
  await expect(judge(spec, ["Deny"], {}, { paramRef: { ...paramRef, name: "none" } })).rejects.toMatchObject({
    message: expect.stringContaining("no params found for policy binding with `Deny` parameterNotFoundAction"),
  });
});

test("mutations are applied one after the other", async () => {
  server.put(MutatingAdmissionPolicy, {
    metadata: { name: "m" },
    spec: {
      matchConstraints,
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: { expression: "Object{metadata: Object.metadata{labels: {'a': object.data.a}}}" },
        },
        {
          patchType: "JSONPatch",
          jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data/b', value: object.metadata.labels.a + '!'}]" },
        },
      ],
    },
  } as never);
  server.put(MutatingAdmissionPolicyBinding, { metadata: { name: "m" }, spec: { policyName: "m" } } as never);
  const attributes = creation({ a: "1" });
  await mutatingPolicies(authorizer, []).admit!(attributes, server);
  expect(attributes.object).toMatchObject({ metadata: { name: "x", labels: { a: "1" } }, data: { a: "1", b: "1!" } });
});
