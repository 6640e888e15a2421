// Tabs, as the ARIA authoring practices have them: arrow keys choose, Tab leads into the panel.

import { byId, h } from "./dom.ts";

export type Tab = { id: string; title: string };

export class Tabs {
    readonly #buttons: HTMLButtonElement[];

    constructor(parent: HTMLElement, label: string, private readonly tabs: Tab[], private readonly onOpen: (id: string) => void = () => {}) {
        this.#buttons = tabs.map(({ id, title }) =>
            h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, click: () => this.open(id), keydown: (event) => this.#key(event as KeyboardEvent) }, title),
        );
        parent.replaceChildren(h("div", { role: "tablist", "aria-label": label }, ...this.#buttons));
        for (const { id } of tabs) {
            const panel = byId(`panel-${id}`);
            panel.setAttribute("role", "tabpanel");
            panel.setAttribute("aria-labelledby", `tab-${id}`);
        }
        this.open(tabs[0].id);
    }

    /** Opens a tab. */
    open(id: string): void {
        this.tabs.forEach((tab, index) => {
            const isOpen = tab.id === id;
            this.#buttons[index].setAttribute("aria-selected", String(isOpen));
            this.#buttons[index].tabIndex = isOpen ? 0 : -1;
            byId(`panel-${tab.id}`).hidden = !isOpen;
        });
        this.onOpen(id);
    }

    /** Says something of a tab behind its title. */
    note(id: string, note: string): void {
        const index = this.tabs.findIndex((tab) => tab.id === id);
        this.#buttons[index].replaceChildren(this.tabs[index].title, note ? h("span", { class: "badge" }, note) : "");
    }

    #key(event: KeyboardEvent): void {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const count = this.tabs.length;
        const index = (this.#buttons.indexOf(event.currentTarget as HTMLButtonElement) + step + count) % count;
        this.open(this.tabs[index].id);
        this.#buttons[index].focus();
    }
}
