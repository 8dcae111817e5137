/**
 * Field selectors: `metadata.name=a,status.phase!=Running`. Which fields a kind knows is the kind's matter.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/fields/selector.go v1.36 (grammar and messages)
 */
import { SelectorError } from "./selectors.ts";

export interface FieldRequirement {
  field: string;
  operator: "=" | "!=";
  value: string;
}

/** Parses, unescaping `\,`, `\=` and `\\`; terms come sorted. Throws `SelectorError`. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitTerms(text)
    .filter((term) => term !== "")
    .sort()
    .map((term) => {
      const sign = /!=|==|=/.exec(term);
      if (!sign) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
      const value = unescape(term.slice(sign.index + sign[0].length));
      return { field: term.slice(0, sign.index), operator: sign[0] === "!=" ? "!=" : "=", value };
    });
}

/** `valueOf` gives a field's text, "" where it is unset. */
export function matchesFields(requirements: readonly FieldRequirement[], valueOf: (field: string) => string): boolean {
  return requirements.every((r) => (valueOf(r.field) === r.value) === (r.operator === "="));
}

/** The one value a field must have, where the selector says so. */
export function requiredField(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((r) => r.field === field && r.operator === "=")?.value;
}

export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map((r) => `${r.field}${r.operator}${r.value.replace(/[\\,=]/g, "\\$&")}`).join(",");
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescape(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "," || c === "=")
      throw new SelectorError(`invalid field selector: unescaped character in value: ${c.charCodeAt(0)}`);
    if (c !== "\\") {
      out += c;
      continue;
    }
    const next = text[++i] ?? "";
    if (next === "" || !"\\,=".includes(next))
      throw new SelectorError(`invalid field selector: invalid escape sequence: \\${next}`);
    out += next;
  }
  return out;
}
