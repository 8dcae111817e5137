/**
 * Descriptions of types and fields, for `kubectl explain`. They are prose of upstream's and not part of this repository: the build takes
 * them from the package @kubernetes/client-node and puts them beside the bundle. Without a build there are none.
 */
import { join } from "node:path";
import { readIfThere } from "../../../shared/lib/files.ts";

export interface Descriptions {
  /** Of a definition, or of one of its fields. */
  of(definition: string, field?: string): string | undefined;
}

export const noDescriptions: Descriptions = { of: () => undefined };

/** By definition; "" is the definition itself. */
type Table = Record<string, Record<string, string>>;

let loaded: Descriptions | undefined;

export function loadDescriptions(): Descriptions {
  return (loaded ??= read());
}

function read(): Descriptions {
  const text = readIfThere(join(import.meta.dirname, "descriptions.json"));
  if (text === undefined) return noDescriptions;
  const table = JSON.parse(text) as Table;
  return { of: (definition, field = "") => table[definition]?.[field] };
}
