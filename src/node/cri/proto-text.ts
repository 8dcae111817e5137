/**
 * Reads the plain subset of the protocol buffers notation that `proto.ts` uses into the JSON descriptor that proto-loader takes, so that
 * no file has to be found at run time: services, enums and messages, with nested enums, `repeated` and `map`.
 */
type Namespace = Parameters<typeof import("@grpc/proto-loader").fromJSON>[0];

interface Field {
  type: string;
  id: number;
  rule?: "repeated";
  keyType?: string;
}

/** `path` is the package, e.g. `runtime.v1`. */
export function parseProto(text: string, path: string): Namespace {
  let nested: Record<string, unknown> = {};
  for (const { kind, name, body } of blocks(text)) nested[name] = parseBlock(kind, body);
  for (const part of path.split(".").toReversed()) nested = { [part]: { nested } };
  return { nested } as Namespace;
}

function* blocks(text: string): Iterable<{ kind: string; name: string; body: string; from: number; to: number }> {
  const head = /\b(message|enum|service)\s+(\w+)\s*\{/g;
  for (let match = head.exec(text); match; match = head.exec(text)) {
    let depth = 1;
    let at = head.lastIndex;
    for (; depth > 0; at++) depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
    yield { kind: match[1]!, name: match[2]!, body: text.slice(head.lastIndex, at - 1), from: match.index, to: at };
    head.lastIndex = at;
  }
}

function parseBlock(kind: string, body: string): unknown {
  if (kind === "service") return { methods: parseMethods(body) };
  if (kind === "enum")
    return { values: Object.fromEntries([...body.matchAll(/(\w+)\s*=\s*(\d+)/g)].map((m) => [m[1], Number(m[2])])) };
  const inner = [...blocks(body)];
  const own = inner.reduceRight((rest, block) => rest.slice(0, block.from) + rest.slice(block.to), body);
  const nested = Object.fromEntries(inner.map((block) => [block.name, parseBlock(block.kind, block.body)]));
  return { fields: parseFields(own), ...(inner.length > 0 && { nested }) };
}

function parseFields(body: string): Record<string, Field> {
  const fields: Record<string, Field> = {};
  for (const m of body.matchAll(/(?:(repeated)\s+)?(?:map\s*<\s*(\w+)\s*,\s*(\w+)\s*>|(\w+))\s+(\w+)\s*=\s*(\d+)\s*;/g)) {
    const [, repeated, keyType, valueType, type, name, id] = m;
    fields[name!] = {
      type: valueType ?? type!,
      id: Number(id),
      ...(repeated && { rule: "repeated" }),
      ...(keyType && { keyType }),
    };
  }
  return fields;
}

function parseMethods(body: string): Record<string, unknown> {
  const methods = body.matchAll(/rpc\s+(\w+)\((\w+)\)\s+returns\s+\((stream\s+)?(\w+)\)/g);
  return Object.fromEntries(
    [...methods].map(([, name, requestType, stream, responseType]) => [
      name,
      { requestType, responseType, ...(stream && { responseStream: true }) },
    ]),
  );
}
