/**
 * What JSON.parse does not tell: whether keys repeat, how numbers were written, and why a text is no JSON in Go's words.
 *
 * The fast path asks `surveyJson` (one pass over the text, no allocation): as many `key:` pairs in the text as keys in the parsed value
 * means that none repeats. Only where the counts differ, or a number is written oddly, `parseExact` reads the text again.
 */

/** An object whose text repeats a key: all pairs in order. */
export class RepeatedKeys {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
  constructor(keys: readonly string[], values: readonly unknown[]) {
    this.keys = keys;
    this.values = values;
  }
}

/** A number with a fraction, an exponent or too many digits for a double, as written. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
/** Integers of up to this many characters are exact in a double. */
const EXACT_DIGITS = 15;

export interface JsonSurvey {
  /** Key-value pairs in the whole text. */
  pairs: number;
  /** Some number has a fraction, an exponent, or may not be exact. */
  oddNumbers: boolean;
}

/** Of a text that JSON.parse accepts. */
export function surveyJson(text: string): JsonSurvey {
  let pairs = 0;
  let oddNumbers = false;
  const end = text.length;
  for (let i = 0; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) i = closingQuote(text, i);
    else if (c === 58) pairs++;
    else if (c >= 48 && c <= 57) {
      const start = i;
      for (let d = text.charCodeAt(i + 1); i + 1 < end; d = text.charCodeAt(++i + 1)) {
        if (d >= 48 && d <= 57) continue;
        if (d === 46 || d === 69 || d === 101) oddNumbers = true;
        else break;
      }
      if (i - start >= EXACT_DIGITS) oddNumbers = true;
    }
  }
  return { pairs, oddNumbers };
}

/** Index of the quote that ends the string which begins at `open`. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (text.charCodeAt(at - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) break;
    at = text.indexOf('"', at + 1);
  }
  return at;
}

/** Parses a text that JSON.parse accepts, keeping what it would lose (`RepeatedKeys`, `NumberText`). */
export function parseExact(text: string): unknown {
  let at = 0;
  const skip = () => {
    while (text.charCodeAt(at) <= 32) at++;
  };
  const string = (): string => {
    const close = closingQuote(text, at);
    const raw = text.slice(at, close + 1);
    at = close + 1;
    return raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  };
  const scalar = (): unknown => {
    const start = at;
    while (at < text.length && !",]} \t\r\n".includes(text[at]!)) at++;
    const raw = text.slice(start, at);
    const odd = /^-?\d/.test(raw) && (/[.eE]/.test(raw) || raw.length > EXACT_DIGITS);
    return odd ? new NumberText(raw) : JSON.parse(raw);
  };
  const list = (): unknown[] => {
    const items: unknown[] = [];
    for (at++, skip(); text[at] !== "]"; skip()) {
      items.push(value());
      skip();
      if (text[at] === ",") at++;
    }
    at++;
    return items;
  };
  const object = (): unknown => {
    const keys: string[] = [];
    const values: unknown[] = [];
    for (at++, skip(); text[at] !== "}"; skip()) {
      keys.push(string());
      skip();
      at++;
      values.push(value());
      skip();
      if (text[at] === ",") at++;
    }
    at++;
    if (new Set(keys).size < keys.length) return new RepeatedKeys(keys, values);
    return fromPairs(keys, values);
  };
  const value = (): unknown => {
    skip();
    const c = text[at];
    return c === "{" ? object() : c === "[" ? list() : c === '"' ? string() : scalar();
  };
  return value();
}

/** The plain object of these pairs, the last of equal keys winning; safe for a key named `__proto__`. */
export function fromPairs(keys: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  keys.forEach((key, i) => setKey(out, key, values[i]));
  return out;
}

/** `out[key] = value` for keys that come from outside. */
export function setKey(out: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
  else out[key] = value;
}

const END = "unexpected end of JSON input";

/** Why the text is no JSON, as Go's encoding/json says it. */
export function goSyntaxError(text: string): string {
  let at = 0;
  const fail = (context: string): never => {
    throw at >= text.length ? END : `invalid character ${quoteChar(String.fromCodePoint(text.codePointAt(at)!))} ${context}`;
  };
  const skip = () => {
    while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  };
  const literal = (word: string) => {
    for (let i = 1; i < word.length; i++) {
      at++;
      if (text[at] !== word[i]) fail(`in literal ${word} (expecting '${word[i]}')`);
    }
    at++;
  };
  const digits = (context: string) => {
    if (!/\d/.test(text[at] ?? "")) fail(context);
    while (/\d/.test(text[at] ?? "")) at++;
  };
  const number = () => {
    if (text[at] === "-") at++;
    if (text[at] === "0") at++;
    else digits("in numeric literal");
    if (text[at] === ".") {
      at++;
      digits("after decimal point in numeric literal");
    }
    if (text[at] === "e" || text[at] === "E") {
      at++;
      if (text[at] === "+" || text[at] === "-") at++;
      digits("in exponent of numeric literal");
    }
  };
  const string = () => {
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length || text.charCodeAt(at) < 32) fail("in string literal");
      if (text[at] !== "\\") continue;
      at++;
      if (text[at] === "u") {
        for (let i = 0; i < 4; i++) {
          at++;
          if (!/[0-9a-fA-F]/.test(text[at] ?? "")) fail("in \\u hexadecimal character escape");
        }
      } else if (!'"\\/bfnrt'.includes(text[at] ?? "x")) fail("in string escape code");
    }
    at++;
  };
  const list = () => {
    at++;
    skip();
    if (text[at] === "]") return void at++;
    for (;;) {
      value();
      skip();
      if (text[at] === "]") return void at++;
      if (text[at] !== ",") fail("after array element");
      at++;
    }
  };
  const object = () => {
    at++;
    skip();
    if (text[at] === "}") return void at++;
    for (;;) {
      skip();
      if (text[at] !== '"') fail("looking for beginning of object key string");
      string();
      skip();
      if (text[at] !== ":") fail("after object key");
      at++;
      value();
      skip();
      if (text[at] === "}") return void at++;
      if (text[at] !== ",") fail("after object key:value pair");
      at++;
    }
  };
  const value = () => {
    skip();
    const c = text[at] ?? "";
    if (c === "{") object();
    else if (c === "[") list();
    else if (c === '"') string();
    else if (c === "t") literal("true");
    else if (c === "f") literal("false");
    else if (c === "n") literal("null");
    else if (/[-0-9]/.test(c)) number();
    else fail("looking for beginning of value");
  };
  try {
    value();
    skip();
    if (at < text.length) fail("after top-level value");
  } catch (message) {
    if (typeof message === "string") return message;
    throw message;
  }
  return END;
}

function quoteChar(c: string): string {
  if (c === "'") return `'\\''`;
  if (c === '"') return `'"'`;
  return `'${JSON.stringify(c).slice(1, -1)}'`;
}
