// What is shown of findings: in the results, and at the lines of the editor.

import { h } from "./dom.ts";
import type { Mark, Severity } from "./editor.ts";
import { ruleLink } from "./links.ts";
import type { Problem, Report, Reviewed, Rule } from "./report.ts";

/** The words for the sources of evidence, as the audit annotation names them. */
const EVIDENCE: Record<string, string> = {
    catalogue: "the built-in catalogue",
    sidecarNames: "the setting sidecarNames",
    sidecarImages: "the setting sidecarImages",
    declaration: "the annotation sidecars.kubewarden.io/native",
    injections: "the setting injections",
};

export class Findings {
    readonly #rules: Map<string, Rule>;

    constructor(rules: Rule[]) {
        this.#rules = new Map(rules.map((rule) => [rule.id, rule]));
    }

    /** A link to the rule in the documentation. */
    link(rule: string): HTMLAnchorElement {
        return h("a", { href: ruleLink(rule), target: "_blank", rel: "noopener", title: this.#rules.get(rule)?.title }, `rule ${rule}`);
    }

    /** Why a finding applies, in a few words; undefined where the policy says no more than its message. */
    why(object: Reviewed, index: number): string | undefined {
        const { evidence, detail } = object.evidence[index] ?? {};
        if (!evidence) return undefined;
        return `${EVIDENCE[evidence] ?? evidence}${detail ? ` (${detail})` : ""}`;
    }

    /** The marks of the editor. */
    marks(report: Report): Mark[] {
        const ofObject = (object: Reviewed) => [...this.#ofFindings(object), ...this.#ofRepairs(object)];
        return [...report.objects.flatMap(ofObject), ...report.problems.map(ofProblem)];
    }

    #ofFindings(object: Reviewed): Mark[] {
        return object.findings.flatMap((finding, index) => {
            if (finding.suppressed) return [];
            const [what, remedy] = sentences(object.briefs[index]);
            const why = this.why(object, index);
            const text = () =>
                h("div", {}, h("strong", {}, what), remedy && h("p", {}, remedy), why && h("p", { class: "why" }, `Evidence: ${why}`), h("p", {}, this.link(finding.rule)));
            return [{ place: finding, severity: severityOf(finding.severity), text }];
        });
    }

    #ofRepairs(object: Reviewed): Mark[] {
        return object.repairs.map((repair) => {
            const text = () =>
                h("div", {}, h("strong", {}, `The policy repairs container ${JSON.stringify(repair.container)}.`), h("p", {}, this.#rules.get(repair.rule)?.title ?? ""), h("p", {}, this.link(repair.rule)));
            return { place: repair, severity: "info", text };
        });
    }
}

function severityOf(severity: string): Severity {
    return severity === "denied" ? "error" : "warning";
}

function ofProblem({ severity, place, message }: Problem): Mark {
    return { place, severity: severity === "error" ? "error" : "warning", text: () => h("div", {}, message) };
}

/** What is so, and what to do about it: the first sentence, and the others. */
export function sentences(text: string): [string, string] {
    const end = /[).] (?=[A-Z])/.exec(text);
    const at = end ? end.index + 1 : text.length;
    return [text.slice(0, at), text.slice(at).trim()];
}
