/** k8s: apiserver/pkg/admission/plugin/policy/validating/dispatcher.go, validator.go */
import type { KubeObject } from "../../../core/object.ts";
import type {
  Policy,
  ValidatingAdmissionPolicy,
  Validation,
} from "../../../kinds/admission/shape.ts";
import { StatusError } from "../../../machinery/status.ts";
import { typeText } from "../../../cel/types.ts";
import { typeOfValue } from "../../../cel/values.ts";
import { refused, type Admission, type AdmissionRule } from "../define.ts";
import { attributesOf } from "./attributes.ts";
import { compiledValidations, type CompiledValidations } from "./compiled.ts";
import {
  Activation,
  Budget,
  OutOfBudget,
  policyBudget,
  Subject,
  type Evaluated,
} from "./evaluation.ts";
import {
  conditionsHold,
  hasBindings,
  invocations,
  isExcluded,
  type Invocation,
} from "./bindings.ts";

/** k8s: apiserver/pkg/apis/cel/config.go MaxEvaluatedMessageExpressionSizeBytes */
const messageBytesMax = 5 * 1024;

interface Decision {
  message: string;
  reason: string;
  /** The expression could not be run, so the actions of the binding do not count. */
  failed?: boolean;
}

type Run = Invocation<ValidatingAdmissionPolicy>;

const specOf = ({ policy }: Run): NonNullable<ValidatingAdmissionPolicy["spec"]> =>
  policy.spec ?? {};

/** What the failure policy makes of an expression that could not be run. */
function failures(run: Run, ...messages: string[]): Decision[] {
  if (specOf(run).failurePolicy === "Ignore") return [];
  return messages.map((message) => ({ message, reason: "" }));
}

/** The words of a refusal: of the message's expression, the message, or the expression itself. */
function messageOf(validation: Validation, found: Evaluated | undefined): string {
  let message = "";
  if (found && "value" in found && typeof found.value === "string") {
    message = found.value.trim();
    if (message.length > messageBytesMax || message.includes("\n")) message = "";
  }
  if (message === "") message = (validation.message ?? "").trim();
  return message === "" ? `failed expression: ${validation.expression.trim()}` : message;
}

function validationDecisions(
  subject: Subject,
  run: Run,
  compiled: CompiledValidations,
): Decision[] {
  const inputs = {
    params: run.params,
    hasParams: compiled.declared.params,
    authorizer: true,
    namespace: true,
  };
  const budget = new Budget(policyBudget, subject.of.admission.cost);
  const activation = new Activation(subject, inputs, compiled.variables);
  const results = compiled.validations.map((found) => activation.evaluate(found, budget));
  const inWords = new Activation(subject, { ...inputs, authorizer: false }, compiled.variables);
  let messages: (Evaluated | undefined)[] = [];
  let exhausted: string | undefined;
  try {
    messages = compiled.messages.map((found) => found && inWords.evaluate(found, budget));
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    exhausted = `failed messageExpression: ${error.message}`;
  }
  return results.flatMap((result, i): Decision[] => {
    const validation = specOf(run).validations![i]!;
    if ("problem" in result) return failures(run, result.problem);
    if (exhausted !== undefined) return failures(run, exhausted);
    if (result.value === true) return [];
    return [
      { message: messageOf(validation, messages[i]), reason: validation.reason ?? "Invalid" },
    ];
  });
}

/** Annotations for an audit log, of which there is none: what remains is what is wrong with them. */
function annotationProblems(subject: Subject, run: Run, compiled: CompiledValidations): Decision[] {
  if (compiled.annotations.length === 0) return [];
  const inputs = {
    params: run.params,
    hasParams: compiled.declared.params,
    authorizer: false,
    namespace: true,
  };
  const budget = new Budget(policyBudget, subject.of.admission.cost);
  const activation = new Activation(subject, inputs, compiled.variables);
  return compiled.annotations.flatMap(({ text, value }): Decision[] => {
    const result = activation.evaluate(value, budget);
    if ("problem" in result) {
      return failures(run, result.problem).map((one) => ({ ...one, failed: true }));
    }
    if (result.value === null || typeof result.value === "string") return [];
    const type = typeText(typeOfValue(result.value));
    const message = `valueExpression '${text}' resulted in unsupported return type: ${type}. Return type must be either string or null.`;
    return [{ message, reason: "", failed: true }];
  });
}

/** What one run of a policy finds fault with. */
function decisions(subject: Subject, run: Run): Decision[] {
  const compiled = compiledValidations(specOf(run));
  const holds = conditionsHold(subject, run as Invocation<Policy>, compiled);
  if (typeof holds === "string") return failures(run, holds);
  if (!holds) return [];
  try {
    const found = validationDecisions(subject, run, compiled);
    return [...found, ...annotationProblems(subject, run, compiled)];
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return failures(run, error.message);
  }
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** The refusal that a client sees. */
function denial(
  admission: Admission,
  object: KubeObject,
  run: Run,
  decision: Decision,
): StatusError {
  const by = run.binding ? ` with binding '${run.binding.metadata.name}'` : "";
  const policy = `ValidatingAdmissionPolicy '${run.policy.metadata.name}'${by}`;
  const message = `${policy} denied request: ${decision.message}`;
  const { message: text, details } = refused(admission, object, message, [{ message }]);
  const reason = decision.reason || "Invalid";
  return new StatusError(codes[reason] ?? 422, reason, text, details);
}

export const validatingPolicies: AdmissionRule = {
  name: "ValidatingAdmissionPolicy",
  resources: "*",
  validate(admission, object, old, context) {
    if (!hasBindings("validating", context.reader) || isExcluded(admission.resource)) return;
    const of = attributesOf(admission, object, old, context);
    if (!of) return;
    const subject = new Subject(of);
    let refusal: StatusError | undefined;
    for (const run of invocations<ValidatingAdmissionPolicy>("validating", of)) {
      const deny = (decision: Decision): void => {
        refusal ??= denial(admission, object, run, decision);
      };
      if (run.problem !== undefined) {
        failures(run, run.problem).forEach(deny);
        continue;
      }
      for (const decision of decisions(subject, run)) {
        const actions = run.binding?.spec?.validationActions ?? [];
        if (decision.failed || actions.includes("Deny")) deny(decision);
        if (!decision.failed && actions.includes("Warn")) {
          context.warn(
            `Validation failed for ValidatingAdmissionPolicy '${run.policy.metadata.name}' with binding '${run.binding?.metadata.name}': ${decision.message}`,
          );
        }
      }
    }
    if (refusal) throw refusal;
  },
};
