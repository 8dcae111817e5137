/**
 * CEL's tokens.
 *
 * @source github.com/google/cel-spec doc/langdef.md, section Syntax
 */
import type { Literal } from "./ast.ts";

export interface Token {
  kind: "punctuation" | "name" | "literal" | "end";
  text: string;
  at: number;
  value?: Literal;
}

export class CelSyntaxError extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(`Syntax error: ${message}`);
    this.at = at;
  }
}

const SPACE = /(?:[ \t\r\n\f]+|\/\/[^\n]*)*/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?)/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z0-9_.\-/ ]+`/y;
const STRING = /([rRbB]{0,2})("""[^]*?(?<!\\)"""|'''[^]*?(?<!\\)'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/y;
const RAW = /([bB]?[rR][bB]?)("""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const PUNCTUATION = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;
const WORDS = new Map<string, Literal>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

export function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at += match[0].length;
    return match;
  };
  for (;;) {
    take(SPACE);
    const start = at;
    if (at >= source.length) return [...found, { kind: "end", text: "<EOF>", at }];
    const text = take(RAW) ?? take(STRING);
    if (text) {
      found.push({ kind: "literal", text: text[0], at: start, value: stringOf(text[1]!.toLowerCase(), text[2]!, start) });
      continue;
    }
    const afterName = found.at(-1)?.kind === "name" || found.at(-1)?.text === ")" || found.at(-1)?.text === "]";
    const number = source[at] === "." && afterName ? null : take(NUMBER);
    if (number) {
      found.push({ kind: "literal", text: number[0], at: start, value: numberOf(number[0], start) });
      continue;
    }
    const name = take(NAME)?.[0];
    if (name !== undefined) {
      const value = WORDS.get(name);
      found.push(
        value === undefined
          ? { kind: "name", text: name.replaceAll("`", ""), at: start }
          : { kind: "literal", text: name, at: start, value },
      );
      continue;
    }
    const mark = take(PUNCTUATION)?.[0];
    if (mark === undefined) throw new CelSyntaxError(start, `token recognition error at: '${source[start]}'`);
    found.push({ kind: "punctuation", text: mark, at: start });
  }
}

const MAX_INT = 2n ** 63n - 1n;

function numberOf(text: string, at: number): Literal {
  const isHex = text.startsWith("0x");
  if (!isHex && /[.eE]/.test(text)) return Number(text);
  const unsigned = /[uU]$/.test(text);
  const value = BigInt(unsigned ? text.slice(0, -1) : text);
  if (unsigned) return { uint: value };
  // One more than fits: the number may stand behind a minus.
  if (value > MAX_INT + 1n) throw new CelSyntaxError(at, "invalid int literal");
  return value;
}

function stringOf(prefix: string, quoted: string, at: number): string | Uint8Array {
  const width = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1;
  const inner = quoted.slice(width, -width);
  const bytes = prefix.includes("b");
  const text = prefix.includes("r") ? inner : unescape(inner, bytes, at);
  if (!bytes) return typeof text === "string" ? text : Buffer.from(text).toString("utf8");
  return typeof text === "string" ? Buffer.from(text, "utf8") : text;
}

const SIMPLE: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([^]))/g;

/** In bytes `\xff` and `\377` are one byte; in strings a code point. */
function unescape(text: string, bytes: boolean, at: number): string | Uint8Array {
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(ESCAPE)) {
    parts.push(Buffer.from(text.slice(end, match.index), "utf8"));
    end = match.index + match[0].length;
    const [, x, bigX, u, bigU, octal, single] = match;
    const byte = x ?? bigX;
    if (byte !== undefined || octal !== undefined) {
      const code = byte === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(byte, 16);
      parts.push(bytes ? Buffer.from([code]) : Buffer.from(String.fromCodePoint(code), "utf8"));
    } else if (u !== undefined || bigU !== undefined)
      parts.push(Buffer.from(String.fromCodePoint(Number.parseInt((u ?? bigU)!, 16)), "utf8"));
    else if (SIMPLE[single!] !== undefined || "\\?\"'`".includes(single!)) parts.push(Buffer.from(SIMPLE[single!] ?? single!));
    else throw new CelSyntaxError(at, `token recognition error at: '\\${single}'`);
  }
  if (!parts.length) return text;
  parts.push(Buffer.from(text.slice(end), "utf8"));
  const joined = Buffer.concat(parts);
  return bytes ? joined : joined.toString("utf8");
}
