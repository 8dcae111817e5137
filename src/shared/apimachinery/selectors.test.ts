import { describe, expect, test } from "vitest";
import { matchesFields, parseFieldSelector } from "./field-selectors.ts";
import { parseSelector, selectorFromObject } from "./selectors.ts";

const web = { tier: "web", size: "20" };

describe("label selectors", () => {
  test.each([
    ["tier=web", true],
    ["tier==db", false],
    ["tier!=db,size", true],
    ["tier in (web, db)", true],
    ["tier notin (web)", false],
    ["!other", true],
    ["size>5", true],
    ["size < 5", false],
    ["other=", false],
    ["tier in ()", false],
    ["", true],
  ])("%s", (text, matches) => expect(parseSelector(text).matches(web)).toBe(matches));

  test.each([
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a in", "unable to parse requirement: found '' expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["=x", "found '=', expected: !, identifier, or 'end of string'"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a,,b", "found ',', expected: identifier after ','"],
    ["a==,", "found '', expected: identifier after ','"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    [
      "size>x",
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])("%s is refused", (text, message) => expect(() => parseSelector(text)).toThrow(message));

  test("print sorted by key", () => expect(parseSelector("z in (b,a),!y,x!=1").toString()).toBe("x!=1,!y,z in (a,b)"));

  test("of the API object: absent matches nothing, empty everything", () => {
    expect(selectorFromObject(undefined).matches(web)).toBe(false);
    expect(selectorFromObject({}).matches(undefined)).toBe(true);
    const selector = selectorFromObject({
      matchLabels: { tier: "web" },
      matchExpressions: [{ key: "x", operator: "DoesNotExist" }],
    });
    expect(selector.matches(web)).toBe(true);
    expect(() => selectorFromObject({ matchExpressions: [{ key: "x", operator: "is" }] })).toThrow(
      '"is" is not a valid label selector operator',
    );
  });
});

test("field selectors", () => {
  const terms = parseFieldSelector("status.phase!=Running,metadata.name=a\\,b");
  expect(terms).toEqual([
    { field: "metadata.name", operator: "=", value: "a,b" },
    { field: "status.phase", operator: "!=", value: "Running" },
  ]);
  expect(matchesFields(terms, (f) => (f === "metadata.name" ? "a,b" : ""))).toBe(true);
  expect(() => parseFieldSelector("metadata")).toThrow("invalid selector: 'metadata'; can't understand 'metadata'");
});
