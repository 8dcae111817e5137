/** Patterns of schemas are RE2: linear time whatever a definition says. */
import { RE2JS } from "re2js";

export interface Pattern {
  test(text: string): boolean;
}

const compiled = new Map<string, Pattern>();
const MAX = 2000;

/** Throws where it is no expression. */
export function patternOf(source: string): Pattern {
  let pattern = compiled.get(source);
  if (!pattern) {
    const expression = RE2JS.compile(source);
    pattern = { test: (text) => expression.matcher(text).find() };
    if (compiled.size >= MAX) compiled.clear();
    compiled.set(source, pattern);
  }
  return pattern;
}
