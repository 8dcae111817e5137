/**
 * How a struct lies in protobuf: its fields by number, and the messages that protobuf nests where JSON is flat.
 *
 * Example: `Probe` embeds `ProbeHandler`, whose fields are the probe's own in JSON; in protobuf they sit in a message at number 1. Its
 * plan is `{ 1: nested { 1: exec, 2: httpGet, … }, 2: initialDelaySeconds, … }`, and both levels read and write the same object.
 */
import type { Field, StructSchema } from "../schema.ts";

export type Entry = { num: number; field: Field; nested?: undefined } | { num: number; nested: MessagePlan; field?: undefined };

export interface MessagePlan {
  byNumber: Map<number, Entry>;
  /** From the highest number to the lowest: messages are written backwards. */
  descending: Entry[];
}

const plans = new WeakMap<StructSchema, MessagePlan>();

export function messagePlan(schema: StructSchema): MessagePlan {
  const known = plans.get(schema);
  if (known) return known;
  const plan = newPlan();
  for (const field of schema.fields.values()) {
    if (field.num === undefined) continue;
    let target = plan;
    for (const num of field.protoPath ?? []) target = nestedIn(target, num);
    target.byNumber.set(field.num, { num: field.num, field });
  }
  sort(plan);
  plans.set(schema, plan);
  return plan;
}

const newPlan = (): MessagePlan => ({ byNumber: new Map(), descending: [] });

function nestedIn(plan: MessagePlan, num: number): MessagePlan {
  const entry = plan.byNumber.get(num);
  if (entry?.nested) return entry.nested;
  const nested = newPlan();
  plan.byNumber.set(num, { num, nested });
  return nested;
}

function sort(plan: MessagePlan): void {
  plan.descending = [...plan.byNumber.values()].sort((a, b) => b.num - a.num);
  for (const entry of plan.descending) if (entry.nested) sort(entry.nested);
}
