/** All functions there are. */
import { Library } from "../library.ts";
import { addresses } from "./addresses.ts";
import { authorizer } from "./authorizer.ts";
import { formats } from "./formats.ts";
import { ordering } from "./ordering.ts";
import { quantities } from "./quantities.ts";
import { semvers } from "./semvers.ts";
import { standard } from "./standard.ts";
import { strings } from "./strings.ts";
import { time } from "./time.ts";
import { urls } from "./urls.ts";

export const kubernetes = new Library(
  standard,
  ordering,
  time,
  strings,
  quantities,
  semvers,
  urls,
  addresses,
  formats,
  authorizer,
);
