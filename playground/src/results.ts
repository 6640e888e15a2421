// The right side: the verdict of each object, its findings, and what would change.

import { diff } from "./diff.ts";
import { h } from "./dom.ts";
import { sentences, type Findings } from "./findings.ts";
import type { Place, Problem, Report, Replacement, Reviewed, Verdict } from "./report.ts";

/** What can be done from here. */
export type Actions = { go: (place: Place) => void; take: (replacements: Replacement[]) => void; openSettings: (place: Place | null) => void; openCluster: () => void };

const MEANING: Record<Verdict, string> = {
    skipped: "Not of a kind that the policy judges.",
    accepted: "Good as it is.",
    warned: "Let through, with a warning.",
    changed: "Let through in another form.",
    denied: "Not let through.",
};

/** From bad to good, as the summary tells. */
const ORDER: Verdict[] = ["denied", "changed", "warned", "accepted", "skipped"];

/** What there was in all, in one line. */
export function summary(report: Report): string {
    if (report.settings) return "Nothing is judged: the settings are not valid.";
    if (report.session) return "Nothing is judged: the cluster's session can't be read.";
    const parts = ORDER.map((verdict) => [report.objects.filter((object) => object.verdict === verdict).length, verdict] as const);
    const told = parts.filter(([count]) => count > 0).map(([count, verdict]) => `${count} ${verdict}`);
    const errors = report.problems.filter(({ severity }) => severity === "error").length;
    if (errors > 0) told.push(count(errors, "error"));
    if (report.others > 0) told.push(count(report.others, "other document"));
    if (told.length === 0) return "No Kubernetes object.";
    return `${count(report.objects.length, "object")}: ${told.join(", ")}`;
}

function count(number: number, noun: string): string {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The change of all objects together. */
export function allReplacements(report: Report): Replacement[] {
    return report.objects.flatMap((object) => object.replacements);
}

export class Results {
    constructor(
        private readonly parent: HTMLElement,
        private readonly findings: Findings,
        private readonly actions: Actions,
    ) {}

    /** Shows a report in the place of the one before. What has the focus keeps it. */
    show(report: Report): void {
        const focused = this.parent.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
        this.parent.replaceChildren(...this.#parts(report));
        if (focused) this.parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }

    #parts(report: Report): HTMLElement[] {
        if (report.settings) {
            const { place, message } = report.settings;
            const at = place ? `line ${place.line} of the settings` : "the settings";
            return [this.#trouble("Settings", message, `Go to ${at}`, () => this.actions.openSettings(place))];
        }
        if (report.session) return [this.#trouble("Cluster", report.session.message, "Go to the session", () => this.actions.openCluster())];
        const unanswered = report.questions.filter(({ problem }) => problem !== null);
        return [
            ...(report.note ? [h("p", { class: "note" }, report.note)] : []),
            ...(unanswered.length > 0 ? [this.#unanswered(unanswered.map(({ words }) => words))] : []),
            ...report.problems.map((problem) => this.#problem(problem)),
            ...report.objects.map((object, index) => this.#object(object, index)),
        ];
    }

    #trouble(title: string, message: string, link: string, go: () => void): HTMLElement {
        const button = h("button", { type: "button", class: "link", "data-key": "trouble", click: go }, link);
        return h("article", { class: "card denied" }, h("header", {}, h("span", { class: "pill denied" }, "error"), h("h2", {}, title)), h("p", {}, message), h("p", {}, button));
    }

    #unanswered(words: string[]): HTMLElement {
        const button = h("button", { type: "button", class: "link", "data-key": "cluster", click: () => this.actions.openCluster() }, "Answer it in the tab Cluster");
        return h("p", { class: "note" }, `The policy asked the cluster for ${words.join(" and ")}, and got no answer. `, button, ".");
    }

    #problem({ severity, place, message }: Problem): HTMLElement {
        const kind = severity === "error" ? "denied" : "warned";
        return h("article", { class: `card ${kind}` }, h("header", {}, h("span", { class: `pill ${kind}` }, severity), h("h2", {}, this.#line(place, `problem-${place.line}`))), h("p", {}, message));
    }

    #line(place: Place, key: string): HTMLElement {
        return h("button", { type: "button", class: "link", "data-key": key, click: () => this.actions.go(place) }, `line ${place.line}`);
    }

    #object(object: Reviewed, index: number): HTMLElement {
        const key = `object-${index}`;
        const { verdict, title } = object;
        const place = { line: object.line, column: 1 };
        const shown = object.findings.map((finding, number) => ({ finding, number })).filter(({ finding }) => !finding.suppressed);
        const ignored = object.findings.length - shown.length;
        return h(
            "article",
            { class: `card ${verdict}`, "aria-label": `${title}: ${verdict}` },
            h("header", {}, h("span", { class: `pill ${verdict}` }, verdict), h("h2", {}, title), this.#line(place, key)),
            object.leftOut && h("p", { class: "muted" }, `Skipped: ${object.leftOut}`),
            shown.length === 0 && !object.leftOut && h("p", { class: "muted" }, MEANING[verdict]),
            shown.length > 0 && h("ul", {}, ...shown.map(({ number }) => this.#finding(object, number, key))),
            ignored > 0 && h("p", { class: "muted" }, `${count(ignored, "finding")} ignored by comments`),
            ...this.#change(object, key),
        );
    }

    #finding(object: Reviewed, number: number, key: string): HTMLElement {
        const finding = object.findings[number];
        const [what, remedy] = sentences(object.briefs[number]);
        return h(
            "li",
            { class: finding.severity },
            h("p", { class: "what" }, what),
            remedy && h("p", { class: "remedy" }, remedy),
            h("p", { class: "muted" }, this.#line(finding, `${key}-finding-${number}`), " · ", this.findings.link(finding.rule)),
        );
    }

    #change(object: Reviewed, key: string): (HTMLElement | false)[] {
        if (object.verdict !== "changed") return [];
        if (object.change === null) return [h("p", { class: "muted" }, "No way is found to write the change into this text; see the patch of the command line.")];
        const rules = [...new Set(object.repairs.map(({ rule }) => rule))];
        const take = h("button", { type: "button", class: "primary", "data-key": `${key}-take`, "aria-label": `Take the change of ${object.title}`, click: () => this.actions.take(object.replacements) }, "Take the change");
        const links = rules.flatMap((rule) => [" · ", this.findings.link(rule)]);
        return [
            diff(object.change, `Change of ${object.title}`),
            h("p", { class: "take" }, take, h("span", { class: "muted" }, object.losesComments ? "comments are lost where lines are written anew" : "comments, order and quotes stay", ...links)),
        ];
    }
}
