/**
 * Descriptions of types and fields, for `kubectl explain`. They are prose of upstream's and not part of this repository: the build takes
 * them from the package @kubernetes/client-node and puts them beside the bundle. Without a build there are none.
 */
import { readFileSync } from "node:fs";

export interface Descriptions {
  /** Of a definition, or of one of its fields. */
  of(definition: string, field?: string): string | undefined;
}

export const noDescriptions: Descriptions = { of: () => undefined };

/** By definition; "" is the definition itself. */
type Table = Record<string, Record<string, string>>;

/** Bundled code lies in dist/ or in dist/chunks/. */
const places = ["./descriptions.json", "../descriptions.json"];

let loaded: Descriptions | undefined;

export function loadDescriptions(): Descriptions {
  return (loaded ??= read());
}

function read(): Descriptions {
  for (const place of places) {
    try {
      const table = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as Table;
      return { of: (definition, field = "") => table[definition]?.[field] };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return noDescriptions;
}
