import { byteLength } from "../../apimachinery/validation.ts";
import { invalidValue, tooLong } from "../../apimachinery/field-error.ts";
import type { ConfigMap as T } from "../generated/core-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { decodedLength, MAX_DATA_BYTES, validateImmutable, validateKeys } from "./immutable-data.ts";

export const ConfigMap = defineKind<T>({
  ...facts["v1/configmaps"],
  cells(config, context) {
    const count = Object.keys(config.data ?? {}).length + Object.keys(config.binaryData ?? {}).length;
    return [config.metadata.name, count, age(config, context)];
  },
  revalidatesMetadata: true,
  validate(config) {
    const { data = {}, binaryData = {} } = config;
    const inBoth = Object.keys(data).filter((key) => key in binaryData);
    const errors = [
      ...validateKeys("data", data),
      ...inBoth.map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
      ...validateKeys("binaryData", binaryData),
    ];
    if (sizeOf(config) > MAX_DATA_BYTES) errors.push(tooLong("[]", MAX_DATA_BYTES));
    return errors;
  },
  validateUpdate: (config, old) => validateImmutable(config, old, ["data", "binaryData"]),
});
export type ConfigMap = T;

function sizeOf({ data = {}, binaryData = {} }: T): number {
  let size = 0;
  for (const value of Object.values(data)) size += byteLength(value);
  for (const value of Object.values(binaryData)) size += decodedLength(value);
  return size;
}
