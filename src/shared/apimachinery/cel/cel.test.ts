import { expect, test } from "vitest";
import { compile, dyn, objectType, type, CelError } from "./index.ts";

const variables = { object: dyn, name: type("string"), request: objectType("Request", { name: type("string") }) };

function run(source: string, values: Record<string, unknown> = {}): unknown {
  const compiled = compile(source, { variables });
  if (!("program" in compiled)) throw new Error(compiled.text);
  return compiled.program.evaluate({ object: { a: 1, b: 2.5, list: [1, 2, 3], labels: { x: "y" }, text: "héllo" }, ...values });
}

test.each([
  "1 + 2 * 3 == 7 && -2 - 3 == -5 && 7 / 2 == 3 && 7 % 3 == 1",
  "object.a == 1 && object.a + 1 < 2.5 && object.b == 2.5 && object.a == 1u",
  "has(object.labels.x) && !has(object.labels.z) && 'x' in object.labels && 2 in object.list",
  "object.list.all(i, i > 0) && object.list.exists(i, i == 3) && object.list.exists_one(i, i == 2)",
  "object.list.map(i, i * 2) == [2, 4, 6] && object.list.filter(i, i > 1).size() == 2 && object.list.map(i, i > 1, i) == [2, 3]",
  "object.labels.all(k, object.labels[k] == 'y') && object.list.all(i, v, v == i + 1)",
  "object.list.transformList(i, v, v * i) == [0, 2, 6] && object.labels.transformMap(k, v, k + v) == {'x': 'xy'}",
  "object.?none.orValue('d') == 'd' && object.labels[?'x'].value() == 'y' && !object.?none.?deeper.hasValue()",
  "size(object.text) == 5 && object.text.startsWith('hé') && object.text.matches('^h.l+o$') && object.text.upperAscii() == 'HéLLO'",
  "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'tacocat'.indexOf('c', 3) == 4 && '%s-%d'.format(['x', 3]) == 'x-3'",
  "false && object.none == 1 || true || object.none == 2",
  "duration('1h30m').getMinutes() == 90 && timestamp('2024-02-29T12:00:00Z').getDayOfYear() == 59",
  "timestamp('2024-01-01T00:00:00Z') + duration('36h') == timestamp('2024-01-02T12:00:00Z')",
  "quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('2').add(3).asInteger() == 5 && isQuantity('1k')",
  "url('https://example.com:80/a?b=c').getPort() == '80' && url('https://example.com/a').getHost() == 'example.com' && isURL('/x')",
  "cidr('10.0.0.0/8').containsIP('10.2.3.4') && ip('::1').isLoopback() && ip('127.0.0.1').family() == 4",
  "sets.contains([1, 2, 3], [1]) && [1, 2, 3].sum() == 6 && [3, 1].max() == 3 && ['a', 'b'].isSorted()",
  "format.dns1123Label().validate('a-b') == optional.none() && format.named('nope') == optional.none()",
  "semver('1.10.0').isGreaterThan(semver('1.9.3')) && semver('1.0.0-rc.2').isLessThan(semver('1.0.0')) && isSemver('v1.2', true)",
  "type(1) == int && type('a') == string && string(1.5) == '1.5' && int('12') == 12 && b'abc' == bytes('abc')",
  "optional.of(3).optMap(x, x + 1).value() == 4 && [1, ?optional.none()].size() == 1 && {?'a': optional.of(1)} == {'a': 1}",
  "(object.a == 1 ? 'one' : 'other') == 'one' && r'\\d' == '\\\\d' && \"\"\"x\"\"\" == 'x'",
])("%s", (source) => expect(run(source)).toBe(true));

test.each([
  ["object.none", "no such key: none"],
  ["object.list[7]", "index out of bounds: 7"],
  ["1 / 0", "division by zero"],
  ["int('x')", "type conversion error from 'string' to 'int'"],
])("%s fails when it is run", (source, message) => {
  expect(() => run(source)).toThrow(new CelError(message));
});

test.each([
  [
    "1 +",
    "1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  ["object.", "1:8: Syntax error: no viable alternative at input '.'"],
  ["nothing.here", "1:1: undeclared reference to 'nothing' (in container '')"],
  ["request.bogus == 'x'", "1:8: undefined field 'bogus'"],
  ["name.startsWith(1)", "1:16: found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ["size(1) == 1", "1:5: found no matching overload for 'size' applied to '(int)'"],
])("%s does not compile", (source, message) => {
  const compiled = compile(source, { variables });
  expect("text" in compiled && compiled.text.split("\n")[0]).toBe(`ERROR: <input>:${message}`);
});
