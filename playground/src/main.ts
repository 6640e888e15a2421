// The page: texts on the left, what the policy says of them on the right.

import schema from "../../docs/settings.schema.json";
import { read, write } from "./address.ts";
import { Client } from "./client.ts";
import { copy, open } from "./dialog.ts";
import { byId, h } from "./dom.ts";
import { Editor } from "./editor.ts";
import type { Input } from "./engine.ts";
import { EXAMPLES, example, sameAs } from "./examples.ts";
import { all } from "./exports.ts";
import { Findings } from "./findings.ts";
import { Form } from "./form.ts";
import type { Description, Exports, Question, Report, Settings } from "./report.ts";
import { Results, allReplacements, summary } from "./results.ts";
import type { Schema } from "./schema.ts";
import { Tabs } from "./tabs.ts";
import { themes } from "./theme.ts";

const client = new Client();

const manifest = new Editor(byId("manifest"), "Manifest, as YAML or JSON", changed);
const settings = new Editor(byId("settings"), "Settings, as YAML", changed);
const session = new Editor(byId("session"), "What the cluster answers, as a session of kwctl", changed);

const TABS = [
    { id: "manifest", title: "Manifest" },
    { id: "settings", title: "Settings" },
    { id: "cluster", title: "Cluster" },
];
const tabs = new Tabs(byId("tabs"), "What is judged", TABS);

const described = client.call("describe").catch((error: Error) => {
    byId("verdict").textContent = `The policy could not be loaded: ${error.message}`;
    throw error;
});
const description: Description = JSON.parse(await described);
const results = new Results(byId("objects"), new Findings(description.rules), {
    go: (place) => {
        tabs.open("manifest");
        manifest.go(place);
    },
    take: (replacements) => manifest.replace(replacements),
    openSettings: (place) => {
        tabs.open("settings");
        settings.go(place ?? { line: 1, column: 1 });
    },
    openCluster: () => {
        tabs.open("cluster");
        (byId("questions").querySelector("button") ?? session.view.contentDOM).focus();
    },
});
const findings = new Findings(description.rules);
const yaml = {
    read: async (text: string) => JSON.parse(await client.call("fromYaml", text)),
    write: (value: unknown) => client.call("toYaml", JSON.stringify(value)),
};
const form = new Form(byId("form"), schema as unknown as Schema, description.groups, yaml, (value) => void follow(value));

let report: Report | undefined;

function input(): Input {
    return { manifest: manifest.text, settings: settings.text, session: session.text };
}

/** The settings as a text follow the form. */
async function follow(value: Settings): Promise<void> {
    settings.text = await client.call("rewriteSettings", settings.text, JSON.stringify(value));
}

let addressTimer = 0;

/** Whatever changes is judged, and gets into the address. */
function changed(): void {
    void judge();
    clearTimeout(addressTimer);
    addressTimer = window.setTimeout(async () => {
        history.replaceState(null, "", await write(input()));
        showExample();
    }, 300);
}

async function judge(): Promise<void> {
    if (!started) return;
    const judged = input();
    try {
        const next = await client.review(judged);
        if (next) show(next, judged);
    } catch (error) {
        say(`The policy could not be asked: ${(error as Error).message}`);
    }
}

function show(next: Report, judged: Input): void {
    report = next;
    results.show(next);
    byId("took").textContent = `Judged in ${Math.max(1, Math.round(client.milliseconds))} ms`;
    say(summary(next));
    const replacements = allReplacements(next);
    byId("take-all").hidden = next.objects.filter((object) => object.replacements.length > 0).length < 2;
    byId("take-all").onclick = () => manifest.replace(replacements);
    // The text may have gone on meanwhile: its own report will come.
    if (judged.manifest === manifest.text) manifest.mark(findings.marks(next));
    if (judged.settings === settings.text) markSettings(next);
    if (next.value) form.show(next.value);
    tabs.note("settings", next.value && Object.keys(next.value).length > 0 ? String(Object.keys(next.value).length) : "");
    tabs.note("cluster", next.questions.some(({ problem }) => problem !== null) ? "asked" : "");
    byId("questions").replaceChildren(...next.questions.map(question));
}

function markSettings({ settings: problem }: Report): void {
    const marks = problem?.place ? [{ place: problem.place, severity: "error" as const, text: () => h("div", {}, problem.message) }] : [];
    settings.mark(marks);
}

/** What the policy asked, and a button that writes an answer to start from. */
function question({ words, problem, stub }: Question): HTMLElement {
    const answer = h("button", { type: "button", click: async () => (session.text = await client.call("extendSession", session.text, stub)) }, "Write an answer");
    const state = problem === null ? "answered below" : "no answer";
    return h("p", { class: `question ${problem === null ? "" : "open"}` }, "The policy asked for ", h("strong", {}, words), `: ${state}. `, problem !== null && answer);
}

let sayTimer = 0;

/** Says the verdict; screen readers hear it when typing pauses. */
function say(text: string): void {
    clearTimeout(sayTimer);
    const verdict = byId("verdict");
    if (verdict.textContent !== text) sayTimer = window.setTimeout(() => (verdict.textContent = text), started ? 150 : 0);
}

function put(next: Input): void {
    manifest.text = next.manifest;
    settings.text = next.settings;
    session.text = next.session;
}

const select = byId<HTMLSelectElement>("examples");

/** Shows in the list which example it is. */
function showExample(): void {
    const same = sameAs(input());
    select.value = same?.title ? same.id : "";
}

select.append(h("option", { value: "" }, "your own"), ...EXAMPLES.filter(({ title }) => title).map(({ id, title }) => h("option", { value: id }, title)));
select.addEventListener("change", () => {
    const chosen = example(select.value);
    put(chosen ?? { manifest: "", settings: "", session: "" });
    tabs.open("manifest");
});

byId("share").addEventListener("click", async (event) => {
    const button = event.currentTarget as HTMLElement;
    const hash = await write(input());
    history.replaceState(null, "", hash);
    await copy(location.href, button);
});

byId("export").addEventListener("click", async () => {
    const value = JSON.stringify(report?.value ?? {});
    const exports: Exports = JSON.parse(await client.call("exports", manifest.text, value));
    open(all(input(), await client.call("toYaml", value), exports));
});

window.addEventListener("hashchange", async () => {
    const next = await read(location.hash);
    if (next) put(next);
});

themes(byId("theme"));

let started = false;
put((await read(location.hash)) ?? EXAMPLES[0]);
started = true;
showExample();
await judge();
