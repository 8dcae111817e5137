/** What of a request decides how a Table looks. */
import type { Format } from "../chain/types.ts";

export const tableOptions = (format: Format) => ({
  version: format.as!.version,
  include: format.include ?? ("Metadata" as const),
  now: format.now?.() ?? 0,
});
