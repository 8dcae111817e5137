import { expect, test } from "vitest";
import { plainJson } from "../chain/failure.ts";
import { itemByItem, textOf } from "./items.ts";
import { loadYaml } from "./yaml.ts";

await loadYaml();

const many = Array.from({ length: 300 }, (_, made) => ({ made, lines: "a\nb\n", list: [{ a: [] }], text: "x".repeat(300) }));
const empty = { kind: "Many", apiVersion: "v1", metadata: { resourceVersion: "7" } };
const forms = [plainJson, { ...plainJson, pretty: true }, { ...plainJson, media: "yaml" }] as const;

test.each(forms)("a long list is made while it is written, the same text as in one piece ($media, $pretty)", (format) => {
  for (const field of ["items", "rows"] as const)
    for (const items of [many, many.slice(0, 1), []]) {
      let made = 0;
      const list = { empty: { ...empty, [field]: [] }, field, items: each(() => made++) };
      function* each(count: () => void) {
        for (const item of items) yield ((count(), item));
      }
      const slices = itemByItem(list, format);
      const first = slices.next().value!;
      if (items === many) expect(made).toBeLessThan(250);
      const text = Buffer.concat([first, ...slices]).toString();
      expect(text).toBe(textOf({ ...empty, [field]: items }, format));
    }
});
