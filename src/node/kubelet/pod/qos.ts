/** The quality-of-service class of a pod, which decides who is throttled and killed first. What the API server settled stays. */
import { qosClassOf, type QosClass } from "../../../shared/api/core/qos.ts";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";

export const qosClass = ({ status, spec }: Pod): QosClass => status?.qosClass ?? qosClassOf(spec);
