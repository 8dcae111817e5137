/**
 * Questions to the authorizer. The answer is found when it is asked for: what was put together before is only the question.
 *
 * @source staging/src/k8s.io/apiserver/pkg/cel/library/authz.go v1.36
 */
import type { FunctionTable } from "../library.ts";
import { CelError, Opaque } from "../values.ts";

export interface AccessQuestion {
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  serviceAccount?: { namespace: string; name: string };
  fieldSelector?: string;
  labelSelector?: string;
}

export interface AccessDecision {
  decision: "allow" | "deny" | "no-opinion";
  reason: string;
  error?: string;
}

export type Ask = (question: AccessQuestion, verb: string) => AccessDecision;

class Question extends Opaque {
  readonly celType: string;
  readonly ask: Ask;
  readonly question: AccessQuestion;
  constructor(celType: string, ask: Ask, question: AccessQuestion = {}) {
    super();
    this.celType = celType;
    this.ask = ask;
    this.question = question;
  }
  with(celType: string, more: AccessQuestion): Question {
    return new Question(celType, this.ask, { ...this.question, ...more });
  }
}

class Decision extends Opaque {
  readonly celType = DECISION;
  readonly answer: AccessDecision;
  constructor(answer: AccessDecision) {
    super();
    this.answer = answer;
  }
}

export const AUTHORIZER = "kubernetes.authorization.Authorizer";
const PATH = "kubernetes.authorization.PathCheck";
const GROUP = "kubernetes.authorization.GroupCheck";
export const RESOURCE = "kubernetes.authorization.ResourceCheck";
const DECISION = "kubernetes.authorization.Decision";

export const authorizerValue = (ask: Ask) => new Question(AUTHORIZER, ask);
export const resourceCheckValue = (ask: Ask, question: AccessQuestion) => new Question(RESOURCE, ask, question);

function named(text: string, what: string): string {
  if (!text) throw new CelError(`${what} must not be empty`);
  return text;
}

const decided = (of: Question, verb: string) => new Decision(of.ask(of.question, verb));
const field = (name: keyof AccessQuestion) => (of: Question, value: string) => of.with(of.celType, { [name]: value });

export const authorizer: FunctionTable = {
  [`${AUTHORIZER}.path(string): ${PATH}`]: (of: Question, path: string) => of.with(PATH, { path: named(path, "path") }),
  [`${AUTHORIZER}.group(string): ${GROUP}`]: (of: Question, group: string) => of.with(GROUP, { group }),
  [`${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`]: (of: Question, namespace: string, name: string) =>
    of.with(AUTHORIZER, { serviceAccount: { namespace, name } }),
  [`${PATH}.check(string): ${DECISION}`]: decided,
  [`${GROUP}.resource(string): ${RESOURCE}`]: (of: Question, resource: string) =>
    of.with(RESOURCE, { resource: named(resource, "resource") }),
  [`${RESOURCE}.subresource(string): ${RESOURCE}`]: field("subresource"),
  [`${RESOURCE}.namespace(string): ${RESOURCE}`]: field("namespace"),
  [`${RESOURCE}.name(string): ${RESOURCE}`]: field("name"),
  [`${RESOURCE}.fieldSelector(string): ${RESOURCE}`]: field("fieldSelector"),
  [`${RESOURCE}.labelSelector(string): ${RESOURCE}`]: field("labelSelector"),
  [`${RESOURCE}.check(string): ${DECISION}`]: decided,
  [`${DECISION}.allowed(): bool`]: ({ answer }: Decision) => answer.decision === "allow",
  [`${DECISION}.reason(): string`]: ({ answer }: Decision) => answer.reason,
  [`${DECISION}.errored(): bool`]: ({ answer }: Decision) => answer.error !== undefined,
  [`${DECISION}.error(): string`]: ({ answer }: Decision) => answer.error ?? "",
};
