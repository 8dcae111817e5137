/** The scheduler. `createScheduler(options).start()` schedules until `close()`. */
export { createScheduler, Scheduler, type SchedulerOptions } from "./scheduler.ts";
export { defaultProfile, type ProfileEntry } from "./order.ts";
export { definePlugin, fits, unschedulable, normalize, MAX_NODE_SCORE, type Plugin } from "./framework.ts";
