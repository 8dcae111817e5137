/** Admission: what is changed or refused between decoding and storing. */
export { admissionPlugins } from "./order.ts";
