// The settings as a form, made of their JSON Schema.

import { h, prose } from "./dom.ts";
import { settingLink } from "./links.ts";
import type { Settings } from "./report.ts";
import { changed, control, type Choice, type Schema } from "./schema.ts";

/** Reads YAML: its value, or what is wrong with it. */
export type Yaml = { read: (text: string) => Promise<{ value?: unknown; problem?: string }>; write: (value: unknown) => Promise<string> };

/** What tells that a value has changed. */
type Change = (value: unknown) => void;

export class Form {
    #shown = "";

    constructor(
        private readonly parent: HTMLElement,
        private readonly schema: Schema,
        private readonly groups: Record<string, string>,
        private readonly yaml: Yaml,
        private readonly onChange: (settings: Settings) => void,
    ) {
        parent.addEventListener("submit", (event) => event.preventDefault());
    }

    /** Shows settings. What has the focus keeps it. */
    show(settings: Settings): void {
        const text = JSON.stringify(settings);
        if (text === this.#shown) return;
        this.#shown = text;
        const focused = this.parent.contains(document.activeElement) ? document.activeElement?.id : undefined;
        const open = new Set([...this.parent.querySelectorAll("details[open]")].map(({ id }) => id));
        this.parent.replaceChildren(...this.#groups(settings));
        for (const details of this.parent.querySelectorAll("details")) details.open ||= open.has(details.id);
        if (focused) document.getElementById(focused)?.focus();
    }

    #groups(settings: Settings): HTMLElement[] {
        const names = Object.keys(this.schema.properties ?? {});
        const titles = [...new Set(names.map((name) => this.groups[name] ?? ""))];
        return titles.map((title) => {
            const members = names.filter((name) => (this.groups[name] ?? "") === title);
            const given = members.filter((name) => name in settings).length;
            const fields = members.map((name) => this.#setting(name, settings));
            const badge = given > 0 && h("span", { class: "badge" }, `${given} set`);
            return h("details", { id: `group-${title}`, open: given > 0 || title === titles[0] }, h("summary", {}, title, badge), ...fields);
        });
    }

    #setting(name: string, settings: Settings): HTMLElement {
        const schema = this.schema.properties![name];
        const change = (value: unknown) => {
            const next = changed(settings, name, value, schema);
            // The form has it already: it is not made anew under the user's hands.
            this.#shown = JSON.stringify(next);
            settings = next;
            this.onChange(next);
        };
        return this.#field(`setting-${name}`, name, schema, settings[name], change, settingLink(name));
    }

    /** A field with its name and what it is about. */
    #field(id: string, name: string, schema: Schema, value: unknown, change: Change, link?: string): HTMLElement {
        const input = this.#input(id, name, schema, value, change);
        const isGroup = input instanceof HTMLFieldSetElement;
        const about = h("p", { class: "about", id: `${id}-about` }, ...prose(schema.description ?? ""), link && " ", link && h("a", { href: link, target: "_blank", rel: "noopener", "aria-label": `${name} in the documentation` }, "more"));
        const label = isGroup ? null : h("label", { for: id }, name);
        return h("div", { class: `field ${input.getAttribute("type") === "checkbox" ? "flag" : ""}` }, label, input, about);
    }

    #input(id: string, name: string, schema: Schema, value: unknown, change: Change): HTMLElement {
        const how = control(schema);
        const described = { id, "aria-describedby": `${id}-about` };
        switch (how.kind) {
            case "flag": {
                const isOn = typeof value === "boolean" ? value : schema.default === true;
                return h("input", { ...described, type: "checkbox", checked: isOn, change: (event) => change((event.target as HTMLInputElement).checked) });
            }
            case "choice": {
                const chosen = typeof value === "string" ? value : schema.default;
                const option = ({ const: word, description }: Choice) => h("option", { value: word, selected: word === chosen }, `${word}: ${description.replaceAll("`", "")}`);
                return h("select", { ...described, change: (event) => change((event.target as HTMLSelectElement).value) }, ...how.choices.map(option));
            }
            case "choices":
                return this.#choices(id, name, how.choices, Array.isArray(value) ? value : [], change);
            case "text": {
                const hint = schema.default ?? schema.examples?.[0] ?? "";
                return this.#text(described, typeof value === "string" ? value : "", String(hint), how.pattern, (text) => text, change);
            }
            case "texts": {
                const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);
                const hint = [schema.examples?.[0] ?? []].flat().join(", ");
                return this.#text(described, Array.isArray(value) ? value.join(", ") : "", hint, how.pattern, words, change);
            }
            case "objects":
                return this.#objects(id, name, how.item, Array.isArray(value) ? value : [], change);
            case "yaml":
                return this.#yaml(described, value, change);
        }
    }

    #choices(id: string, name: string, choices: Choice[], chosen: unknown[], change: Change): HTMLElement {
        let words = chosen.map(String);
        const toggle = (word: string, isOn: boolean) => change((words = choices.map((choice) => choice.const).filter((other) => (other === word ? isOn : words.includes(other)))));
        const box = ({ const: word, description }: Choice) => {
            const input = h("input", { type: "checkbox", id: `${id}-${word}`, checked: words.includes(word), change: (event) => toggle(word, (event.target as HTMLInputElement).checked) });
            return h("label", { class: "box" }, input, ` ${description}`);
        };
        return h("fieldset", { id, "aria-describedby": `${id}-about` }, h("legend", {}, name), ...choices.map(box));
    }

    #text(attributes: Record<string, string>, value: string, hint: string, pattern: string | undefined, read: (text: string) => string | string[], change: Change): HTMLElement {
        const input = h("input", { ...attributes, type: "text", value, placeholder: hint, autocomplete: "off", spellcheck: "false" });
        input.addEventListener("input", () => {
            const value = read(input.value);
            const isRight = pattern === undefined || [value].flat().every((word) => new RegExp(pattern, "u").test(word));
            input.setAttribute("aria-invalid", String(!isRight));
            change(value);
        });
        return input;
    }

    #objects(id: string, name: string, schema: Schema, values: unknown[], change: Change): HTMLElement {
        let items = values.map((value) => value as Settings);
        const set = (index: number, item: Settings) => change((items = items.with(index, item)));
        const item = (_: Settings, index: number) => {
            const member = ([key, member]: [string, Schema]) => this.#field(`${id}-${index}-${key}`, key, member, items[index][key], (value) => set(index, changed(items[index], key, value, member)));
            const remove = h("button", { type: "button", click: () => this.#redo(change, items.filter((_, other) => other !== index)) }, `Remove ${items[index].name ?? `number ${index + 1}`}`);
            return h("div", { class: "item" }, ...Object.entries(schema.properties ?? {}).map(member), remove);
        };
        const fresh = { name: "sidecar", container: { image: "registry.example.com/sidecar:1" }, podSelector: {} };
        const add = h("button", { type: "button", id: `${id}-add`, click: () => this.#redo(change, [...items, fresh]) }, "Add one");
        return h("fieldset", { id, "aria-describedby": `${id}-about` }, h("legend", {}, name), ...items.map(item), add);
    }

    /** Changes a value so that the form has to be made anew. */
    #redo(change: Change, value: unknown): void {
        change(value);
        this.#shown = "";
    }

    #yaml(attributes: Record<string, string>, value: unknown, change: Change): HTMLElement {
        const area = h("textarea", { ...attributes, rows: 2, spellcheck: "false" });
        if (value !== undefined && value !== null) {
            void this.yaml.write(value).then((text) => {
                area.value = text;
                area.rows = Math.min(12, text.split("\n").length);
            });
        }
        area.addEventListener("input", async () => {
            const { value, problem } = await this.yaml.read(area.value);
            area.setAttribute("aria-invalid", String(problem !== undefined));
            area.title = problem ?? "";
            if (problem === undefined) change(value ?? undefined);
        });
        return area;
    }
}
