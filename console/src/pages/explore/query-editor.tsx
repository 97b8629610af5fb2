import { autocompletion, closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useRef } from 'react';
import { EDITOR_THEME } from './editor-theme.ts';
import styles from './explore.module.css';
import type { QueryProblem } from './query-error.ts';

const LOOKBACK = 6 * 3_600_000;
const CACHE_AGE = 60_000;

/** One for all editors of the page, so that they share what is known of metrics and labels. */
const promql = new PromQLExtension().setComplete({
  remote: { httpMethod: 'GET', lookbackInterval: LOOKBACK, cache: { maxAge: CACHE_AGE } },
});

/**
 * A PromQL editor with this server's metrics, labels and values to complete, and mistakes marked while one types. Enter runs, Shift+Enter is a new
 * line, Tab leaves it.
 */
export function QueryEditor({
  label,
  text,
  problem,
  onChange,
  onRun,
  hasFocus = false,
}: {
  readonly label: string;
  readonly text: string;
  /** What the server said of the text that was run; marked until the next change. */
  readonly problem: QueryProblem | undefined;
  readonly onChange: (text: string) => void;
  readonly onRun: (text: string) => void;
  /** Whether the cursor is put here at first. Default: false. */
  readonly hasFocus?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ text, onChange, onRun, hasFocus });
  latest.current = { text, onChange, onRun, hasFocus };

  useEffect(() => {
    if (place.current === null) return;
    const created = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ maxRenderedOptions: 100, icons: false }),
          EditorView.lineWrapping,
          EditorState.tabSize.of(2),
          placeholder('PromQL: Ctrl+Space completes, Enter runs'),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
          keymap.of([...closeBracketsKeymap, ...historyKeymap, ...lintKeymap]),
          Prec.high(
            keymap.of([
              {
                key: 'Enter',
                run: ({ state }) => {
                  latest.current.onRun(state.doc.toString());
                  return true;
                },
              },
            ]),
          ),
          keymap.of(defaultKeymap),
          promql.asExtension(),
          EDITOR_THEME,
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) latest.current.onChange(state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    if (latest.current.hasFocus) created.focus();
    return () => {
      created.destroy();
      view.current = undefined;
    };
  }, [label]);

  useEffect(() => {
    const current = view.current;
    if (current === undefined || current.state.doc.toString() === text) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const current = view.current;
    if (current === undefined || problem?.at === undefined) return;
    const { from, to } = problem.at;
    if (to > current.state.doc.length) return;
    current.dispatch(
      setDiagnostics(current.state, [{ from, to, severity: 'error', source: 'server', message: problem.message }]),
    );
  }, [problem]);

  return <div ref={place} className={styles.editor} />;
}
