import { definePlugin } from "../framework.ts";

/** Higher priority first; the queue itself keeps pods of one priority in the order they came. */
export const prioritySort = definePlugin({
  name: "PrioritySort",
  queueSort: (a, b) => b.priority - a.priority,
});
