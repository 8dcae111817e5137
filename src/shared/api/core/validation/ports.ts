/** Ports and protocols, as many kinds name them. */
import { invalidValue, type FieldError } from "../../../apimachinery/field-error.ts";
import { isValidPortName, isValidPortNum } from "../../../apimachinery/validation.ts";

export const PROTOCOLS: readonly string[] = ["SCTP", "TCP", "UDP"];

export function validatePortNumOrName(field: string, port: number | string): FieldError[] {
  const texts = typeof port === "number" ? isValidPortNum(port) : isValidPortName(port);
  return texts.map((text) => invalidValue(field, port, text));
}
