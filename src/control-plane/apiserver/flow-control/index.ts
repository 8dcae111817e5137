/** Flow control: what is told of its objects. */
export { tellDangling } from "./dangling.ts";
