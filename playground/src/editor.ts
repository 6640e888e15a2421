// A text editor for YAML, with marks on lines.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSet, StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import type { Place, Replacement } from "./report.ts";

export type Severity = "error" | "warning" | "info";

/** A mark: from a place to the end of its line. */
export type Mark = { place: Place; severity: Severity; text: () => Node };

const setLines = StateEffect.define<DecorationSet>();

/** The background of the lines with marks. */
const lines = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update: (shown, transaction) => transaction.effects.reduce((last, effect) => (effect.is(setLines) ? effect.value : last), shown.map(transaction.changes)),
    provide: (field) => EditorView.decorations.from(field),
});

const colours = HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--key)" },
    { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--text)" },
    { tag: [tags.quote, tags.special(tags.string)], color: "var(--string)" },
    { tag: [tags.comment, tags.lineComment], color: "var(--comment)", fontStyle: "italic" },
    { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--muted)" },
    { tag: [tags.meta, tags.typeName, tags.labelName], color: "var(--string)" },
]);

const look = EditorView.theme({
    "&": { backgroundColor: "var(--paper)", color: "var(--text)", fontSize: "13px", height: "100%" },
    "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
    ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
    ".cm-cursor": { borderLeftColor: "var(--text)" },
    ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--active)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
    ".cm-marked-error": { backgroundColor: "var(--bad-soft)" },
    ".cm-marked-warning": { backgroundColor: "var(--warn-soft)" },
    ".cm-marked-info": { backgroundColor: "var(--info-soft)" },
    ".cm-lint-marker": { width: "9px", height: "9px", margin: "5px 0 0 2px", borderRadius: "50%", content: "none" },
    ".cm-lint-marker-error": { backgroundColor: "var(--bad)" },
    ".cm-lint-marker-warning": { backgroundColor: "var(--warn)", borderRadius: "2px" },
    ".cm-lint-marker-info": { backgroundColor: "var(--info)", borderRadius: "2px" },
    ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "6px", boxShadow: "var(--shadow)", maxWidth: "min(34rem, 90vw)" },
    ".cm-diagnostic": { padding: "8px 12px", fontFamily: "var(--sans)", fontSize: "13px", lineHeight: "1.45" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
    ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
    ".cm-diagnostic-info": { borderLeftColor: "var(--info)" },
    ".cm-panels": { backgroundColor: "var(--card)", color: "var(--text)", borderColor: "var(--line)" },
    ".cm-panel.cm-search input, .cm-panel.cm-search button": { fontSize: "13px" },
    ".cm-textfield": { backgroundColor: "var(--paper)", borderColor: "var(--line-strong)" },
    ".cm-button": { backgroundImage: "none", backgroundColor: "var(--card)", borderColor: "var(--line-strong)", color: "var(--text)" },
    ".cm-foldPlaceholder": { backgroundColor: "var(--active)", borderColor: "var(--line)", color: "var(--muted)" },
});

/** The offset of a place, or of what is nearest to it. */
function offset(text: Text, { line, column }: Place): number {
    const found = text.line(Math.min(Math.max(line, 1), text.lines));
    // Columns count characters, offsets units of UTF-16.
    const before = [...found.text].slice(0, column - 1).join("");
    return found.from + before.length;
}

/** An editor in an element. Tab moves on, as everywhere in the page. */
export class Editor {
    readonly view: EditorView;

    constructor(parent: HTMLElement, label: string, onChange: (text: string) => void, extensions: Extension = []) {
        this.view = new EditorView({
            parent,
            state: EditorState.create({
                extensions: [
                    lineNumbers(),
                    foldGutter({ markerDOM: (isOpen) => Object.assign(document.createElement("span"), { textContent: isOpen ? "▾" : "▸", title: isOpen ? "Fold" : "Unfold" }) }),
                    lintGutter(),
                    history(),
                    drawSelection(),
                    indentOnInput(),
                    bracketMatching(),
                    highlightActiveLine(),
                    highlightActiveLineGutter(),
                    highlightSelectionMatches(),
                    keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap]),
                    yaml(),
                    syntaxHighlighting(colours),
                    look,
                    lines,
                    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
                    EditorView.updateListener.of((update) => update.docChanged && onChange(this.text)),
                    extensions,
                ],
            }),
        });
    }

    get text(): string {
        return this.view.state.doc.toString();
    }

    /** Another text, as one step to undo; the same one changes nothing. */
    set text(text: string) {
        const before = this.text;
        if (text === before) return;
        // Only what differs, so that the cursor and the folds stay.
        let start = 0;
        while (start < before.length && before[start] === text[start]) start++;
        let end = 0;
        while (end < Math.min(before.length, text.length) - start && before.at(-1 - end) === text.at(-1 - end)) end++;
        this.view.dispatch({ changes: { from: start, to: before.length - end, insert: text.slice(start, text.length - end) } });
    }

    /** Replaces pieces of the text, as one step to undo. */
    replace(replacements: Replacement[]): void {
        const { doc } = this.view.state;
        const changes = replacements.map(({ start, end, text }) => ({ from: offset(doc, start), to: offset(doc, end), insert: text }));
        this.view.dispatch({ changes, userEvent: "input.take" });
    }

    /** Goes to a place. */
    go(place: Place): void {
        const position = offset(this.view.state.doc, place);
        this.view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
        this.view.focus();
    }

    /** Shows these marks in the place of those before. */
    mark(marks: Mark[]): void {
        const { doc } = this.view.state;
        const diagnostics = marks.map(({ place, severity, text }): Diagnostic => {
            const from = offset(doc, place);
            const to = doc.lineAt(from).to;
            return { from, to: Math.max(from, to), severity, message: text().textContent ?? "", renderMessage: text };
        });
        const worst = new Map<number, Severity>();
        for (const { from, severity } of diagnostics as { from: number; severity: Severity }[]) {
            const start = doc.lineAt(from).from;
            const rank = (one?: Severity) => ["info", "warning", "error"].indexOf(one ?? "");
            if (rank(severity) > rank(worst.get(start))) worst.set(start, severity);
        }
        const ranges = [...worst].map(([start, severity]) => Decoration.line({ class: `cm-marked-${severity}` }).range(start));
        this.view.dispatch(setDiagnostics(this.view.state, diagnostics), { effects: setLines.of(RangeSet.of(ranges, true)) });
    }
}
