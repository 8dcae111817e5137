/**
 * Lists whose items are made for the answer (indented JSON, YAML, rows, metadata alone): item by item while the list is written, so
 * that one of any length holds up nobody.
 */
import type { Format } from "../chain/types.ts";
import { formatYaml } from "./yaml.ts";

/** What is made is written in slices of about this size: making takes longer than copying, and YAML ten times as long as JSON. */
const SLAB = { json: 64 << 10, yaml: 8 << 10 };

export interface MadeList {
  /** The list as it is where it has no items; `field` stands last. */
  empty: object;
  field: "items" | "rows";
  items: Iterable<unknown>;
}

/** The text around the items, and of an item. */
interface Form {
  start: string;
  item(value: unknown): string;
  separator: string;
  end: string;
}

export function* itemByItem(list: MadeList, format: Format): Generator<Uint8Array> {
  const slab = format.media === "yaml" ? SLAB.yaml : SLAB.json;
  let form: Form | undefined;
  let text = "";
  for (const item of list.items) {
    if (form) text += form.separator;
    else text = (form = formOf(list, format)).start;
    text += form.item(item);
    if (text.length < slab) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(form ? text + form.end : textOf(list.empty, format));
}

export function textOf(value: unknown, { media, pretty }: Format): string {
  if (media === "yaml") return formatYaml(value);
  return pretty ? JSON.stringify(value, undefined, 2) : JSON.stringify(value);
}

function formOf({ empty, field }: MadeList, { media, pretty }: Format): Form {
  if (media === "yaml") return yamlForm(empty, field);
  const list = { ...empty, [field]: [] };
  if (!pretty) return { start: JSON.stringify(list).slice(0, -"]}".length), item: JSON.stringify, separator: ",", end: "]}" };
  const indented = (value: unknown) => JSON.stringify(value, undefined, 2);
  const end = "\n  ]\n}";
  return {
    start: indented(list).slice(0, -"]\n}".length),
    item: (value) => indented({ _: [value] }).slice('{\n  "_": ['.length, -end.length),
    separator: ",",
    end,
  };
}

/** Keys are sorted in YAML: some of the list's stand behind its items. */
function yamlForm(list: object, field: string): Form {
  const fields = Object.entries(list);
  const part = (entries: typeof fields) => (entries.length ? formatYaml(Object.fromEntries(entries)) : "");
  return {
    start: `${part(fields.filter(([key]) => key < field))}${field}:\n`,
    item: (value) => formatYaml([value]),
    separator: "",
    end: part(fields.filter(([key]) => key > field)),
  };
}
