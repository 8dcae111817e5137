/**
 * OpenAPI documents in the protobuf form that client-go asks for: gnostic's messages, as tables of field numbers.
 *
 * A table row is `JSON key: [number, how]`; keys that begin with `x-` go to the row `x-`. Arbitrary values (defaults, enums, extensions)
 * travel as YAML text, for which JSON will do.
 *
 * @source github.com/google/gnostic-models openapiv2/OpenAPIv2.proto, openapiv3/OpenAPIv3.proto (field numbers)
 */
import { BackwardWriter, FIXED64, VARINT } from "../../../shared/apimachinery/protobuf/index.ts";
import type { Dialect, Json } from "./schema-writer.ts";

/** Writes a value as field `num`. */
type Write = (w: BackwardWriter, num: number, value: unknown) => void;
type Rows = Readonly<Record<string, readonly [num: number, how: Write]>>;

const delimited =
  (content: (w: BackwardWriter, value: any) => void): Write =>
  (w, num, value) => {
    const mark = w.length;
    content(w, value);
    w.delimit(num, mark);
  };

const text = delimited((w, value) => w.text(String(value)));
const bool: Write = (w, num, value) => {
  if (!value) return;
  w.byte(1);
  w.tag(num, VARINT);
};
const int: Write = (w, num, value) => {
  w.varint(value as number);
  w.tag(num, VARINT);
};
const double: Write = (w, num, value) => {
  w.double(value as number);
  w.tag(num, FIXED64);
};
const any = delimited((w, value) => text(w, 2, JSON.stringify(value)));

const list =
  (item: Write): Write =>
  (w, num, value) => {
    for (const v of [...(value as unknown[])].reverse()) item(w, num, v);
  };

/** `{ name, value }` pairs in field `num` itself. */
const pairs =
  (item: Write): Write =>
  (w, num, value) => {
    for (const [name, v] of Object.entries(value as Json).reverse()) {
      const mark = w.length;
      item(w, 2, v);
      text(w, 1, name);
      w.delimit(num, mark);
    }
  };

/** A message that holds such pairs in field `inner`. */
const named = (item: Write, inner = 1): Write => delimited((w, value) => pairs(item)(w, inner, value));

/** A message that wraps one alternative. */
const wrapped = (num: number | ((value: any) => number), item: Write | ((value: any) => Write), choose = false): Write =>
  delimited((w, value) => {
    const how = choose ? (item as (value: any) => Write)(value) : (item as Write);
    how(w, typeof num === "number" ? num : num(value), value);
  });

/** A message by its rows, which may refer to themselves. */
function message(rows: () => Rows): Write {
  let descending: [string, number, Write][] | undefined;
  return delimited((w, value: Json) => {
    descending ??= Object.entries(rows())
      .map(([key, [num, how]]): [string, number, Write] => [key, num, how])
      .sort((a, b) => b[1] - a[1]);
    for (const [key, num, how] of descending) {
      const v = key === "x-" ? extensions(value) : value[key];
      if (v !== undefined) how(w, num, v);
    }
  });
}

function extensions(value: Json): Json | undefined {
  const found = Object.entries(value).filter(([k]) => k.startsWith("x-"));
  return found.length ? Object.fromEntries(found) : undefined;
}

const strings = list(text);
const isReference = (v: Json) => "$ref" in v && Object.keys(v).length === 1;
const reference = message(() => ({ $ref: [1, text] }));
/** Of version 3: a thing, or a reference to one. */
const orReference = (item: Write): Write =>
  wrapped(
    (v: Json) => (isReference(v) ? 2 : 1),
    (v: Json) => (isReference(v) ? reference : item),
    true,
  );
const booleanOr = (item: Write): Write =>
  wrapped(
    (v: unknown) => (typeof v === "boolean" ? 2 : 1),
    (v: unknown) => (typeof v === "boolean" ? bool : item),
    true,
  );
const requirement = named(delimited((w, v: unknown) => strings(w, 1, v)));

const limits = (at: number): Rows => ({
  multipleOf: [at, double],
  maximum: [at + 1, double],
  exclusiveMaximum: [at + 2, bool],
  minimum: [at + 3, double],
  exclusiveMinimum: [at + 4, bool],
  maxLength: [at + 5, int],
  minLength: [at + 6, int],
  pattern: [at + 7, text],
  maxItems: [at + 8, int],
  minItems: [at + 9, int],
  uniqueItems: [at + 10, bool],
  maxProperties: [at + 11, int],
  minProperties: [at + 12, int],
  required: [at + 13, strings],
  enum: [at + 14, list(any)],
});

const schema2: Write = message(() => ({
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  ...limits(6),
  additionalProperties: [21, booleanOr(schema2)],
  type: [22, delimited((w, v: string | string[]) => strings(w, 1, Array.isArray(v) ? v : [v]))],
  items: [23, wrapped(1, schema2)],
  allOf: [24, list(schema2)],
  properties: [25, named(schema2)],
  "x-": [31, pairs(any)],
}));

/** Query and path parameters differ in their numbers, not in what we say of them. */
const plainParameter = (shift: number) =>
  message(() => ({
    required: [1, bool],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [5 + shift, text],
    uniqueItems: [19 + shift, bool],
  }));
const inQuery = plainParameter(1);
const inPath = plainParameter(0);
const nonBody = wrapped(
  (v: Json) => (v["in"] === "query" ? 3 : 4),
  (v: Json) => (v["in"] === "query" ? inQuery : inPath),
  true,
);
const body = message(() => ({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, bool],
  schema: [5, schema2],
}));
const parameter2 = wrapped(
  1,
  wrapped(
    (v: Json) => (v["in"] === "body" ? 1 : 2),
    (v: Json) => (v["in"] === "body" ? body : nonBody),
    true,
  ),
);

const response2 = message(() => ({ description: [1, text], schema: [2, wrapped(1, schema2)] }));
const operation2 = message(() => ({
  tags: [1, strings],
  summary: [2, text],
  description: [3, text],
  operationId: [5, text],
  produces: [6, strings],
  consumes: [7, strings],
  parameters: [8, list(parameter2)],
  responses: [9, named(wrapped(1, response2))],
  schemes: [10, strings],
  "x-": [13, pairs(any)],
}));
const pathItem2 = message(() => ({
  get: [2, operation2],
  put: [3, operation2],
  post: [4, operation2],
  delete: [5, operation2],
  options: [6, operation2],
  head: [7, operation2],
  patch: [8, operation2],
  parameters: [9, list(parameter2)],
}));
const apiKey = message(() => ({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }));
const document2 = message(() => ({
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text] }))],
  paths: [8, named(pathItem2, 2)],
  definitions: [9, named(schema2)],
  security: [12, list(requirement)],
  securityDefinitions: [13, named(wrapped(2, apiKey))],
}));

const schema3: Write = message(() => ({
  nullable: [1, bool],
  title: [9, text],
  ...limits(10),
  type: [25, text],
  allOf: [26, list(orReference(schema3))],
  oneOf: [27, list(orReference(schema3))],
  anyOf: [28, list(orReference(schema3))],
  not: [29, schema3],
  items: [30, wrapped(1, orReference(schema3))],
  properties: [31, named(orReference(schema3))],
  additionalProperties: [32, booleanOr(orReference(schema3))],
  default: [33, default3],
  description: [34, text],
  format: [35, text],
  "x-": [36, pairs(any)],
}));

/** A number, a boolean or a string; other defaults have no form. */
const default3: Write = (w, num, value) => {
  const [at, how] = typeof value === "number" ? [1, double] : typeof value === "boolean" ? [2, bool] : [3, text];
  if (typeof value !== "object") wrapped(at as number, how as Write)(w, num, value);
};

const media = named(message(() => ({ schema: [1, orReference(schema3)] })));
const parameter3 = orReference(
  message(() => ({
    name: [1, text],
    in: [2, text],
    description: [3, text],
    required: [4, bool],
    schema: [10, orReference(schema3)],
  })),
);
const response3 = orReference(message(() => ({ description: [1, text], content: [3, media] })));
const requestBody = orReference(message(() => ({ description: [1, text], content: [2, media], required: [3, bool] })));
const operation3 = message(() => ({
  tags: [1, strings],
  description: [3, text],
  operationId: [5, text],
  parameters: [6, list(parameter3)],
  requestBody: [7, requestBody],
  responses: [8, named(response3, 2)],
  "x-": [13, pairs(any)],
}));
const pathItem3 = message(() => ({
  get: [4, operation3],
  put: [5, operation3],
  post: [6, operation3],
  delete: [7, operation3],
  options: [8, operation3],
  head: [9, operation3],
  patch: [10, operation3],
  parameters: [13, list(parameter3)],
}));
const securityScheme = orReference(message(() => ({ type: [1, text], description: [2, text], name: [3, text], in: [4, text] })));
const document3 = message(() => ({
  openapi: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [6, text] }))],
  paths: [4, named(pathItem3)],
  components: [5, message(() => ({ schemas: [1, named(orReference(schema3))], securitySchemes: [7, named(securityScheme)] }))],
}));

/** The bytes of a whole document. */
export function openApiProtobuf(dialect: Dialect, document: Json): Buffer {
  const w = new BackwardWriter();
  (dialect === 2 ? document2 : document3)(w, 1, document);
  const bytes = w.finish();
  return bytes.subarray(headerLength(bytes));
}

/** The document was written as a field; its tag and length are not part of it. */
function headerLength(bytes: Buffer): number {
  let at = 1;
  while (bytes[at]! >= 0x80) at++;
  return at + 1;
}
