/**
 * Times as objects carry them: metav1.Time in whole seconds, MicroTime with six decimals, both in UTC.
 *
 * @source Go time.Parse with the layouts of metav1.Time and metav1.MicroTime (texts of its errors included)
 */
import { formatTime, parseTime } from "../lib/platform.ts";

const PLAIN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const PLAIN_MICRO = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;

/** The form upstream writes this time back in; throws with Go's text. */
export function canonicalTime(text: string): string {
  return PLAIN_TIME.test(text) ? text : `${parseGoTime(text, SECONDS).seconds}Z`;
}

export function canonicalMicroTime(text: string): string {
  if (PLAIN_MICRO.test(text)) return text;
  const { seconds, fraction } = parseGoTime(text, MICROS);
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
}

const SECONDS = { layout: "2006-01-02T15:04:05Z07:00", fraction: "" };
const MICROS = { layout: "2006-01-02T15:04:05.000000Z07:00", fraction: ".000000" };

interface Element {
  layout: string;
  pattern: RegExp;
  range?: { name: string; low: number; high: number };
}

const ELEMENTS: readonly Element[] = [
  { layout: "2006", pattern: /^\d{4}/ },
  { layout: "-", pattern: /^-/ },
  { layout: "01", pattern: /^\d\d/, range: { name: "month", low: 1, high: 12 } },
  { layout: "-", pattern: /^-/ },
  { layout: "02", pattern: /^\d\d/, range: { name: "day", low: 1, high: 31 } },
  { layout: "T", pattern: /^T/ },
  { layout: "15", pattern: /^\d\d/, range: { name: "hour", low: 0, high: 23 } },
  { layout: ":", pattern: /^:/ },
  { layout: "04", pattern: /^\d\d/, range: { name: "minute", low: 0, high: 59 } },
  { layout: ":", pattern: /^:/ },
  { layout: "05", pattern: /^\d\d/, range: { name: "second", low: 0, high: 59 } },
];

function parseGoTime(text: string, form: { layout: string; fraction: string }): { seconds: string; fraction: string } {
  const bad = (detail: string) => new Error(`parsing time ${JSON.stringify(text)}${detail}`);
  const cannot = (rest: string, element: string) =>
    bad(` as ${JSON.stringify(form.layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`);
  let rest = text;
  for (const e of ELEMENTS) {
    const m = e.pattern.exec(rest);
    if (!m) throw cannot(rest, e.layout);
    const n = Number(m[0]);
    if (e.range && (n < e.range.low || n > e.range.high)) throw bad(`: ${e.range.name} out of range`);
    rest = rest.slice(m[0].length);
  }
  const fraction = form.fraction ? /^[.,](\d{6})/.exec(rest) : /^[.,](\d+)/.exec(rest);
  if (!fraction && form.fraction) throw cannot(rest, form.fraction);
  rest = rest.slice(fraction?.[0].length ?? 0);
  const zone = /^(?:Z|[+-]\d\d:\d\d)/.exec(rest);
  if (!zone) throw cannot(rest, "Z07:00");
  if (rest.length > zone[0].length) throw bad(`: extra text: ${JSON.stringify(rest.slice(zone[0].length))}`);
  const wall = text.slice(0, 19);
  if (formatTime(parseTime(`${wall}Z`)).slice(0, 19) !== wall) throw bad(": day out of range");
  return { seconds: formatTime(parseTime(wall + zone[0])).slice(0, 19), fraction: fraction?.[1] ?? "" };
}
