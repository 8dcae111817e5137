/**
 * Formats of strings that schemas may name. Unknown ones are ignored.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go, vendor/k8s.io/kube-openapi/pkg/validation/strfmt v1.36
 */
import { isIPv4, isIPv6 } from "node:net";
import { parseDurationNanos } from "../../../../shared/apimachinery/duration.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../../shared/apimachinery/validation.ts";
import type { Props } from "../structural.ts";

const UUID = (version: string) => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}-?[0-9a-f]{12}$`, "i");
const matches = (pattern: RegExp) => (text: string) => pattern.test(text);

const LETTER = "[a-zA-Z0-9\\p{S}\\p{L}]";
/** Made when it is first needed: it is slow to read. */
let hostname: RegExp | undefined;
const HOSTNAME = () =>
  (hostname ??= new RegExp(
    `^(${LETTER}((-?${LETTER}{0,62})?)|(${LETTER}(([a-zA-Z0-9\\-\\p{S}\\p{L}]{0,61}${LETTER})?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$`,
    "u",
  ));
const CREDIT_CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
const RGB =
  /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/;

const isbn10 = (text: string) => /^\d{9}[\dX]$/.test(text.replace(/[\s-]/g, "")) && checksum10(text.replace(/[\s-]/g, ""));
const isbn13 = (text: string) => /^\d{13}$/.test(text.replace(/[\s-]/g, "")) && checksum13(text.replace(/[\s-]/g, ""));

/** By name without dashes. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: (text) => text.startsWith("/") || /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+$/.test(text),
  email: isEmail,
  hostname: (text) =>
    HOSTNAME().test(text) && Buffer.byteLength(text) <= 255 && text.split(".").every((part) => part.length <= 63),
  ipv4: (text) => isIPv4(sloppy(text)),
  ipv6: (text) => isIPv6(text) && !text.includes("%"),
  cidr: isCidr,
  mac: matches(
    /^([0-9a-f]{2}([:-])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\3){6}[0-9a-f]{2})$/i,
  ),
  uuid: matches(UUID("[0-9a-f]{4}-?[0-9a-f]{4}")),
  uuid3: matches(UUID("3[0-9a-f]{3}-?[0-9a-f]{4}")),
  uuid4: matches(UUID("4[0-9a-f]{3}-?[89ab][0-9a-f]{3}")),
  uuid5: matches(UUID("5[0-9a-f]{3}-?[89ab][0-9a-f]{3}")),
  isbn: (text) => isbn10(text) || isbn13(text),
  isbn10,
  isbn13,
  creditcard: (text) => CREDIT_CARD.test(text.replace(/\D/g, "")),
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matches(RGB),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => isDNS1123Label(text).length === 0,
  k8slongname: (text) => isDNS1123Subdomain(text).length === 0,
};

/** The format of a schema's strings, normalized; undefined where there is none to check. */
export function knownFormat({ type, format, ...rest }: Props): string | undefined {
  if (!format || (type && type !== "string") || rest["x-kubernetes-int-or-string"]) return undefined;
  const normal = format.replaceAll("-", "");
  return Object.hasOwn(CHECKS, normal) ? normal : undefined;
}

const NUMBER_FORMATS: Readonly<Record<string, readonly string[]>> = { integer: ["int32", "int64"], number: ["float", "double"] };

/** Whether a schema's format says anything to this server. */
export function isRecognized({ type = "", format = "" }: Props): boolean {
  if (type === "" || type === "string") return Object.hasOwn(CHECKS, format.replaceAll("-", ""));
  return NUMBER_FORMATS[type]?.includes(format) ?? false;
}

export const isFormat = (normal: string, text: string): boolean => CHECKS[normal]!(text);

/** Leading zeros of an address, which old Go read over. */
const sloppy = (text: string) => text.replace(/(^|\.)0+(?=\d)/g, "$1");

function isCidr(text: string): boolean {
  const [address, length, ...rest] = text.split("/");
  if (rest.length || !length || !/^\d{1,3}$/.test(length)) return false;
  return (isIPv4(sloppy(address!)) && Number(length) <= 32) || (isIPv6(address!) && Number(length) <= 128);
}

function isEmail(text: string): boolean {
  const named = /^(?:[^<>@]*\s)?<([^<>]+)>$/.exec(text.trim());
  return /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/.test(named ? named[1]! : text);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const time = new Date(Date.UTC(year, month - 1, day));
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  const [date, time] = text.toLowerCase().split("t");
  const match = time === undefined || !isDate(date!) ? null : /^(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|([+-]\d{2}:\d{2}))$/.exec(time);
  return match !== null && match[1]! <= "23" && match[2]! <= "59" && match[3]! <= "59";
}

const UNITS = /^(ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/i;

/** As Go reads one, or as Scala writes one: `3 days`. */
function isDuration(text: string): boolean {
  try {
    parseDurationNanos(text);
    return true;
  } catch {
    return [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)].some(([, , unit]) => UNITS.test(unit!));
  }
}

function checksum10(digits: string): boolean {
  const sum = [...digits].reduce((total, digit, i) => total + (digit === "X" ? 10 : Number(digit)) * (10 - i), 0);
  return sum % 11 === 0;
}

function checksum13(digits: string): boolean {
  return [...digits].reduce((total, digit, i) => total + Number(digit) * (i % 2 ? 3 : 1), 0) % 10 === 0;
}
