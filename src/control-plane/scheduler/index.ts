/** The scheduler. `createScheduler(options).start()` schedules until `close()`. */
export { createScheduler } from "./scheduler.ts";
