/** Label and field selectors as predicates. */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { Served } from "./resources.ts";

export interface Requirement {
  key: string;
  matches(value: string | undefined): boolean;
}

export function parseLabelSelector(text: string): Requirement[] {
  return splitTop(text).map((part) => {
    const set = /^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$/.exec(part);
    if (set) {
      const values = new Set(set[3]!.split(",").map((v) => v.trim()));
      return { key: set[1]!, matches: set[2] === "in" ? (v) => v !== undefined && values.has(v) : (v) => v === undefined || !values.has(v) };
    }
    const comparison = /^\s*([^\s!=]+)\s*(==|=|!=)\s*(\S*)\s*$/.exec(part);
    if (comparison) {
      const [, key, op, value] = comparison;
      return { key: key!, matches: op === "!=" ? (v) => v !== value : (v) => v === value };
    }
    const exists = /^\s*(!?)\s*(\S+)\s*$/.exec(part);
    if (!exists) throw badRequest(`unable to parse requirement: ${part}`);
    return { key: exists[2]!, matches: exists[1] ? (v) => v === undefined : (v) => v !== undefined };
  });
}

export function parseFieldSelector(text: string, served: Served): Requirement[] {
  return text.split(",").filter(Boolean).map((part) => {
    const match = /^(.*?)(==|=|!=)(.*)$/.exec(part);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, key, op, value] = match;
    if (key !== "metadata.name" && key !== "metadata.namespace" && !served.kind.selectableFields?.[key!])
      throw badRequest(`field label not supported: ${key}`);
    return { key: key!, matches: op === "!=" ? (v: string | undefined) => v !== value : (v: string | undefined) => v === value };
  });
}

function splitTop(text: string): string[] {
  return text.split(/,(?![^(]*\))/).filter((p) => p.trim());
}
