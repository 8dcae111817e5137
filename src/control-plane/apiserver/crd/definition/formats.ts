/** Formats that nobody here knows are told of, once a schema that names them is new. */
import type { CustomResourceDefinition as Definition } from "../../../../shared/api/generated/apiextensions-v1.ts";
import { isRecognized } from "../validation/formats.ts";
import type { Props } from "../structural.ts";
import { parts } from "./structural-rules.ts";

export function unknownFormats(definition: Definition, old: Definition | undefined): string[] {
  const before = old ? formatsOf(old) : [];
  return formatsOf(definition)
    .filter((format) => !before.includes(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

const formatsOf = ({ spec }: Definition) =>
  (spec.versions ?? []).flatMap(({ schema }) => (schema?.openAPIV3Schema ? below(schema.openAPIV3Schema) : []));

const below = (props: Props): string[] => [
  ...(props.format && !isRecognized(props) ? [props.format] : []),
  ...parts(props).flatMap(below),
];
