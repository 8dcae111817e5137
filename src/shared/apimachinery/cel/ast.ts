/** The tree of a CEL expression. `at` is the offset in the source where errors about a node point to. */

export type Literal = bigint | number | string | boolean | null | Uint8Array | { uint: bigint };

export type Expr = { at: number } & (
  | { kind: "literal"; value: Literal }
  | { kind: "ident"; name: string }
  | { kind: "select"; target: Expr; field: string; optional: boolean }
  /** `has(a.b)` */
  | { kind: "has"; target: Expr; field: string }
  /** Functions, methods (with a target) and operators, which are named like `_+_`. */
  | { kind: "call"; name: string; target?: Expr; args: Expr[] }
  | { kind: "list"; items: { value: Expr; optional: boolean }[] }
  | { kind: "map"; entries: { key: Expr; value: Expr; optional: boolean }[] }
  | { kind: "struct"; type: string; entries: { field: string; at: number; value: Expr; optional: boolean }[] }
  /** `list.all(x, p)`, `map.exists(k, v, p)`, `optional.optMap(x, e)` and the like. */
  | { kind: "macro"; name: string; target: Expr; variables: string[]; filter?: Expr; body: Expr }
);

/** What is wrong with an expression, and where. */
export interface CelIssue {
  at: number;
  message: string;
}

/** `ERROR: <input>:1:4: MESSAGE`, the line, and a mark below the place; the lines of several issues follow each other. */
export function showIssues(source: string, issues: readonly CelIssue[]): string {
  const lines = source.split("\n");
  return issues
    .map(({ at, message }) => {
      const before = source.slice(0, at).split("\n");
      const column = [...before.at(-1)!].length;
      const line = lines[before.length - 1]!;
      return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${".".repeat(column)}^`;
    })
    .join("\n");
}
