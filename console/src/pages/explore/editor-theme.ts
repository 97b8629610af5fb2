import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Looks of the editor, by variables that explore.module.css gives for light and dark. */
export const EDITOR_THEME: Extension = [
  EditorView.theme({
    '&': { backgroundColor: 'transparent', color: 'var(--mantine-color-text)', fontSize: '13px' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.5' },
    '.cm-content': { padding: '6px 0', caretColor: 'var(--mantine-color-text)' },
    '.cm-line': { padding: '0 8px' },
    '.cm-placeholder': { color: 'var(--mantine-color-dimmed)' },
    '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
      backgroundColor: 'var(--editor-selection)',
    },
    '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
      backgroundColor: 'var(--editor-selection)',
      outline: 'none',
    },
    '.cm-tooltip': {
      border: '1px solid var(--mantine-color-default-border)',
      borderRadius: '4px',
      backgroundColor: 'var(--mantine-color-body)',
      color: 'var(--mantine-color-text)',
      boxShadow: 'var(--mantine-shadow-md)',
      maxWidth: '90vw',
    },
    '.cm-tooltip.cm-tooltip-autocomplete > ul': {
      fontFamily: 'var(--mantine-font-family-monospace)',
      fontSize: '12px',
      maxHeight: '18em',
      maxWidth: 'min(560px, 90vw)',
    },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
      backgroundColor: 'var(--editor-selection)',
      color: 'var(--mantine-color-text)',
    },
    '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
    '.cm-completionDetail': { marginLeft: '1em', fontStyle: 'normal', color: 'var(--mantine-color-dimmed)' },
    '.cm-completionInfo': { padding: '6px 10px', maxWidth: '320px', fontSize: '12px' },
    '.cm-diagnostic': { padding: '4px 8px', fontSize: '12px' },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.keyword, color: 'var(--editor-keyword)' },
      { tag: [tags.function(tags.variableName), tags.operatorKeyword], color: 'var(--editor-function)' },
      { tag: tags.labelName, color: 'var(--editor-label)' },
      { tag: tags.string, color: 'var(--editor-string)' },
      { tag: tags.number, color: 'var(--editor-number)' },
      { tag: tags.modifier, color: 'var(--editor-keyword)' },
      { tag: tags.comment, color: 'var(--mantine-color-dimmed)', fontStyle: 'italic' },
      { tag: tags.invalid, color: 'var(--mantine-color-error)' },
    ]),
  ),
];
